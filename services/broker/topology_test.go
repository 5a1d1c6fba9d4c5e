package broker_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

func TestApplyingTheTopologyAgainChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	topology := broker.Topology{Subscriptions: []broker.Subscription{
		boxed(nil), {Subscriber: "kitchen", Event: event.TicketOpenedV1},
	}}
	missing, err := topology.Missing(b.conn(t))
	want := []string{
		"exchange events", "exchange kitchen.private",
		"exchange delivery.dead", "exchange delivery.retry", "exchange kitchen.dead", "exchange kitchen.retry",
		"queue delivery.order-boxed.dead", "queue delivery.order-boxed.retry.200ms", "queue delivery.order-boxed.retry.1s",
		"queue delivery.order-boxed.retry.5s", "queue delivery.order-boxed",
		"queue kitchen.ticket-opened.dead", "queue kitchen.ticket-opened.retry.200ms", "queue kitchen.ticket-opened.retry.1s",
		"queue kitchen.ticket-opened.retry.5s", "queue kitchen.ticket-opened",
	}
	if diff := cmp.Diff(want, missing); err != nil || diff != "" {
		t.Errorf("before: %v (-want +got)\n%s", err, diff)
	}
	for range 2 {
		if err := topology.Apply(b.conn(t)); err != nil {
			t.Fatal(err)
		}
		if missing, err := topology.Missing(b.conn(t)); err != nil || len(missing) != 0 {
			t.Errorf("missing %v, %v", missing, err)
		}
	}
}

func TestAQueueThatIsDifferentIsNamed(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	if _, err := b.channel(t).QueueDeclare("delivery.order-boxed", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	err := broker.Topology{Subscriptions: []broker.Subscription{boxed(nil)}}.Apply(b.conn(t))
	if err == nil || !strings.Contains(err.Error(), "declare queue delivery.order-boxed") {
		t.Errorf("got %v", err)
	}
}

// file reads the definitions file of the system, and makes a topology of the queues and bindings in it.
func file(t *testing.T) (text []byte, topology broker.Topology) {
	t.Helper()
	text, err := os.ReadFile("definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var written broker.Definitions
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	for _, b := range written.Bindings {
		i := slices.IndexFunc(event.Catalogue, func(typ event.Type) bool { return typ.Exchange == b.Source && typ.RoutingKey() == b.RoutingKey })
		if i < 0 {
			continue // of a dead or a retry exchange
		}
		subscriber, _, _ := strings.Cut(b.Destination, ".")
		topology.Subscriptions = append(topology.Subscriptions, broker.Subscription{Subscriber: subscriber, Event: event.Catalogue[i]})
	}
	return text, topology
}

func TestTheDefinitionsFileSaysNoMoreThanItsSubscriptions(t *testing.T) {
	t.Parallel()
	text, topology := file(t)
	again, err := topology.Definitions().JSON()
	if diff := cmp.Diff(string(text), string(again)); err != nil || diff != "" {
		t.Errorf("%v (-file +made from its subscriptions)\n%s", err, diff)
	}
	for _, forbidden := range []string{`"#"`, `"fanout"`, "alternate-exchange"} {
		if strings.Contains(string(text), forbidden) {
			t.Errorf("the file has %s, which would hide unroutable events", forbidden)
		}
	}
}

// A broker that loaded the file has all that Apply would declare, with the same arguments: RabbitMQ refuses to declare
// a queue again that differs.
func TestTheDefinitionsFileMakesWhatApplyWouldMake(t *testing.T) {
	t.Parallel()
	_, topology := file(t)
	server := rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions("definitions.json"))
	b := bundleAt(t, server.URL)
	if missing, err := topology.Missing(b.conn(t)); err != nil || len(missing) != 0 {
		t.Errorf("missing %v, %v", missing, err)
	}
	loaded := bindings(t, server)
	if err := topology.Apply(b.conn(t)); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(loaded, bindings(t, server)); diff != "" {
		t.Errorf("applying changed the bindings (-file +applied)\n%s", diff)
	}
	// The file is public: whoever it lets in, it lets in with a password that everybody knows.
	if err := login(server, "guest:guest"); err != nil {
		t.Errorf("guest: %v", err)
	}
	checkLockedOut(t, server, guesses(topology.Users())...)
}

func bindings(t *testing.T, server *rabbitmqtest.Broker) []string {
	t.Helper()
	var found []struct {
		Source      string `json:"source"`
		Destination string `json:"destination"`
		RoutingKey  string `json:"routing_key"`
	}
	if err := json.Unmarshal(server.Manage(t, http.MethodGet, "/api/bindings", ""), &found); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, b := range found {
		lines = append(lines, b.Source+" "+b.RoutingKey+" "+b.Destination)
	}
	slices.Sort(lines)
	return lines
}
