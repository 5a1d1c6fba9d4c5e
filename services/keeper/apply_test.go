package keeper_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/keeper"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// definitions is the definitions file of the system.
const definitions = "../topology/definitions.json"

func TestApplyingTheTopologyAgainChangesNothing(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	all := topology.Topology{Subscriptions: []topology.Subscription{
		{Subscriber: "delivery", Event: event.OrderBoxedV1}, {Subscriber: "kitchen", Event: event.TicketOpenedV1},
	}}
	missing, err := broker.Missing(b.Conn(t), all.Layout())
	want := []string{
		"exchange events", "exchange kitchen.private",
		"exchange delivery.dead", "exchange delivery.retry", "exchange kitchen.dead", "exchange kitchen.retry",
		"queue delivery.order-boxed.dead", "queue delivery.order-boxed.retry.200ms", "queue delivery.order-boxed.retry.1s",
		"queue delivery.order-boxed.retry.5s", "queue delivery.order-boxed",
		"queue kitchen.ticket-opened.dead", "queue kitchen.ticket-opened.retry.200ms", "queue kitchen.ticket-opened.retry.1s",
		"queue kitchen.ticket-opened.retry.5s", "queue kitchen.ticket-opened", "queue traceria.full",
	}
	if diff := cmp.Diff(want, missing); err != nil || diff != "" {
		t.Errorf("before: %v (-want +got)\n%s", err, diff)
	}
	for range 2 {
		if err := keeper.Apply(b.Conn(t), all); err != nil {
			t.Fatal(err)
		}
		if missing, err := broker.Missing(b.Conn(t), all.Layout()); err != nil || len(missing) != 0 {
			t.Errorf("missing %v, %v", missing, err)
		}
	}
}

func TestAQueueThatIsDifferentIsNamed(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	if _, err := b.Channel(t).QueueDeclare("delivery.order-boxed", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	err := keeper.Apply(b.Conn(t), broker.TopologyOf([]broker.Subscription{brokertest.Boxed(nil)}))
	if err == nil || !strings.Contains(err.Error(), "declare queue delivery.order-boxed") {
		t.Errorf("got %v", err)
	}
}

// A broker that has loaded the file has all that Apply declares, with the same arguments: RabbitMQ refuses to declare a queue
// with other arguments.
func TestTheDefinitionsFileMakesWhatApplyWouldMake(t *testing.T) {
	t.Parallel()
	_, all := brokertest.Definitions(t, definitions)
	server := rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(definitions))
	b := brokertest.At(t, server.URL)
	if missing, err := broker.Missing(b.Conn(t), all.Layout()); err != nil || len(missing) != 0 {
		t.Errorf("missing %v, %v", missing, err)
	}
	loaded := bindings(t, server)
	if err := keeper.Apply(b.Conn(t), all); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(loaded, bindings(t, server)); diff != "" {
		t.Errorf("applying changed the bindings (-file +applied)\n%s", diff)
	}
	// The file is public: the only login that it allows is the well-known one of guest.
	if err := login(server, "guest:guest"); err != nil {
		t.Errorf("guest: %v", err)
	}
	checkLockedOut(t, server, guesses(all.Users())...)
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
