package cli_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"traceria/services/event"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

func TestEventsListNamesPublishersAndConsumers(t *testing.T) {
	t.Parallel()
	out, err := new(systemtest.System).Traceria("events", "list", "--json")
	var contracts []pizzeria.Contract
	if err != nil || json.Unmarshal([]byte(out), &contracts) != nil || len(contracts) != len(event.Catalogue) {
		t.Fatalf("%v\n%s", err, out)
	}
	confirmed := map[string]pizzeria.Contract{}
	for _, c := range contracts {
		if c.Producer == "" || c.Description == "" || !json.Valid(c.Example) || len(c.Example) == 0 || !json.Valid(c.Schema) {
			t.Errorf("%s %s is not described: %+v", c.Event, c.Version, c)
		}
		if c.Event == "OrderConfirmed" {
			confirmed[c.Version] = c
		}
	}
	for version, want := range map[string]pizzeria.Contract{
		"v1": {Consumers: []string{"loyalty"}, Style: "fat", Deprecated: true},
		"v2": {Consumers: []string{"kitchen", "delivery"}, Style: "fat"},
		"v3": {Consumers: []string{}, Style: "sparse", PublishedWith: "EVENT_STYLE=sparse or sparse-callback"},
	} {
		got := confirmed[version]
		if !slices.Equal(got.Consumers, want.Consumers) || got.Style != want.Style || got.Deprecated != want.Deprecated || got.RoutingKey != "order.order-confirmed."+version ||
			got.Published != (version != "v3") || got.PublishedWith != want.PublishedWith || !got.Released {
			t.Errorf("OrderConfirmed %s is %+v, want %+v", version, got, want)
		}
	}
	text, err := new(systemtest.System).Traceria("events", "list")
	if err != nil || !strings.Contains(text, "v1 (deprecated, may go after 2027-06-30)") || !strings.Contains(strings.Join(strings.Fields(text), " "), "sparse-callback) order none sparse") ||
		!strings.Contains(text, "v3 (only with EVENT_STYLE=sparse or sparse-callback)") {
		t.Errorf("%v\n%s", err, text)
	}
}

// The catalogue follows the configuration. A wrong configuration is an error.
func TestEventsListFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"EVENT_STYLE=sparse":         "v3 order delivery sparse",
		"EVENT_VERSIONS=v2":          "v1 (deprecated, may go after 2027-06-30; not published by this configuration) order loyalty fat",
		"LOYALTY_ORDER_CONFIRMED=v2": "v2 order kitchen, delivery, loyalty fat",
	} {
		text, err := new(systemtest.System).TraceriaWith([]string{setting}, "events", "list")
		if err != nil || !strings.Contains(strings.Join(strings.Fields(text), " "), "OrderConfirmed "+want) {
			t.Errorf("%s: %v\n%s", setting, err, text)
		}
	}
	for setting, want := range map[string]string{
		"EVENT_STYLE=junk": "fat, sparse, sparse-callback", "EVENT_FORMAT=junk": "metadata, cloudevents", "KITCHEN_ORDER_CONFIRMED=v9": "v1, v2, v3",
	} {
		for _, args := range [][]string{{"events", "list"}, {"events", "list", "--json"}, {"events", "show", "OrderConfirmed"}, {"topology", "show"}} {
			name, _, _ := strings.Cut(setting, "=")
			if _, err := new(systemtest.System).TraceriaWith([]string{setting}, args...); systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %v: got %v, want exit 2 and %s", setting, args, err, want)
			}
		}
	}
}

// The examples are whole events, as they are sent.
func TestEventsShowHasBothEnvelopes(t *testing.T) {
	t.Parallel()
	out, err := new(systemtest.System).Traceria("events", "show", "OrderConfirmed.v2", "--json")
	var contracts []pizzeria.Contract
	if err != nil || json.Unmarshal([]byte(out), &contracts) != nil || len(contracts) != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := new(systemtest.System).Traceria("events", "show", "OrderConfirmed.v2")
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
		e, err := event.Decode(contracts[0].Envelopes[format])
		if err != nil || (e.Cloud != nil) != (format == event.CloudEventsFormat) {
			t.Fatalf("%s: %v\n%s", format, err, contracts[0].Envelopes[format])
		}
		if read, err := event.Data[event.OrderConfirmedMoney](e); err != nil || read.OrderID != "980472" {
			t.Errorf("%s: %+v, %v", format, read, err)
		}
		if !strings.Contains(text, "EVENT_FORMAT="+format) {
			t.Errorf("%s is not in\n%s", format, text)
		}
	}
	if !strings.Contains(text, `"specversion": "1.0"`) || !strings.Contains(text, `"eventType": "OrderConfirmed"`) {
		t.Error(text)
	}
}

func TestEventsShowTakesEveryNameOfAnEvent(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]int{
		"OrderConfirmed": 3, "order-confirmed": 3, "OrderConfirmed.v2": 1, "order.order-confirmed.v2": 1, "kitchen.ticket-opened.v1": 1, "orderboxed": 1,
	} {
		out, err := new(systemtest.System).Traceria("events", "show", name, "--json")
		var contracts []pizzeria.Contract
		if err != nil || json.Unmarshal([]byte(out), &contracts) != nil || len(contracts) != versions {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	out, err := new(systemtest.System).Traceria("events", "show", "OrderConfirmed.v3")
	if err != nil || !strings.Contains(out, "published by  order") || !strings.Contains(out, `"deliveryAddressId"`) ||
		!strings.Contains(out, "as CloudEvent traceria.order.order-confirmed.v3") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := new(systemtest.System).Traceria("events", "show", "OrderEaten"); systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), "OrderBoxed.v1") {
		t.Errorf("got %v", err)
	}
}
