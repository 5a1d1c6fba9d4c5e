package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"traceria/services/event"
)

func TestTheCatalogueHasEveryEventWithWhoPublishesAndTakesIt(t *testing.T) {
	t.Parallel()
	out, err := new(system).traceria("events", "list", "--json")
	var contracts []contract
	if err != nil || json.Unmarshal([]byte(out), &contracts) != nil || len(contracts) != len(event.Catalogue) {
		t.Fatalf("%v\n%s", err, out)
	}
	confirmed := map[string]contract{}
	for _, c := range contracts {
		if c.Producer == "" || c.Description == "" || !json.Valid(c.Example) || len(c.Example) == 0 || !json.Valid(c.Schema) {
			t.Errorf("%s %s is not described: %+v", c.Event, c.Version, c)
		}
		if c.Event == "OrderConfirmed" {
			confirmed[c.Version] = c
		}
	}
	for version, want := range map[string]contract{
		"v1": {Consumers: []string{"loyalty"}, Style: "fat", Deprecated: true},
		"v2": {Consumers: []string{"kitchen", "delivery"}, Style: "fat"},
		"v3": {Consumers: []string{}, Style: "sparse"},
	} {
		got := confirmed[version]
		if !slices.Equal(got.Consumers, want.Consumers) || got.Style != want.Style || got.Deprecated != want.Deprecated || got.RoutingKey != "order.order-confirmed."+version {
			t.Errorf("OrderConfirmed %s is %+v, want %+v", version, got, want)
		}
	}
	text, err := new(system).traceria("events", "list")
	if err != nil || !strings.Contains(text, "v1 (deprecated, may go after 2027-06-30)") || !strings.Contains(text, "nobody") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestAnEventIsShownByAnyOfItsNames(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]int{
		"OrderConfirmed": 3, "order-confirmed": 3, "OrderConfirmed.v2": 1, "order.order-confirmed.v2": 1, "kitchen.ticket-opened.v1": 1, "orderboxed": 1,
	} {
		out, err := new(system).traceria("events", "show", name, "--json")
		var contracts []contract
		if err != nil || json.Unmarshal([]byte(out), &contracts) != nil || len(contracts) != versions {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	out, err := new(system).traceria("events", "show", "OrderConfirmed.v3")
	if err != nil || !strings.Contains(out, "published by  order") || !strings.Contains(out, `"deliveryAddressId"`) ||
		!strings.Contains(out, "as CloudEvent  traceria.order.order-confirmed.v3") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := new(system).traceria("events", "show", "OrderEaten"); exitCode(err) != 2 || !strings.Contains(err.Error(), "OrderBoxed.v1") {
		t.Errorf("got %v", err)
	}
}
