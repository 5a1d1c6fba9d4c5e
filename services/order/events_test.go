package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/telemetry"
)

// newOrders is the service without HTTP and broker, for its handlers.
func newOrders(tb testing.TB) *orders {
	tb.Helper()
	tel, err := telemetry.Start(context.Background(), telemetry.Config{Service: Name, Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		tb.Fatal(err)
	}
	db := openDB(tb, "sqlite:"+filepath.Join(tb.TempDir(), "order.db"))
	return &orders{&host.Host{Telemetry: tel, Log: zerolog.Nop(), DB: db}}
}

// stored puts an order into the database as POST /order does.
func (o *orders) stored(tb testing.TB) string {
	tb.Helper()
	var body request
	if err := json.Unmarshal([]byte(goodOrder), &body); err != nil {
		tb.Fatal(err)
	}
	items, pence, err := body.check()
	if err != nil {
		tb.Fatal(err)
	}
	placed, err := o.place(context.Background(), body, items, pence, "")
	if err != nil {
		tb.Fatal(err)
	}
	return placed.OrderID
}

// handle gives an event to the handler that subscribed to it.
func (o *orders) handle(e event.Envelope) error {
	for _, s := range o.Subscriptions() {
		if s.Event.Name == e.Metadata.EventType && s.Event.Version == e.Metadata.Version {
			return s.Handle(event.WithReceipt(context.Background(), s.Queue(), e), e)
		}
	}
	return fmt.Errorf("nobody takes %s", e.Metadata.EventType)
}

func (o *orders) status(tb testing.TB, id string) (status string, timeline []string) {
	tb.Helper()
	found, err := o.views(context.Background(), `WHERE id = $1`, id)
	if err != nil || len(found) != 1 {
		tb.Fatalf("%d orders, %v", len(found), err)
	}
	entries, err := o.timeline(context.Background(), id)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		timeline = append(timeline, e.Event)
	}
	slices.Sort(timeline)
	return found[0].Status, timeline
}

func envelope(tb testing.TB, source string, fact event.Payload) event.Envelope {
	tb.Helper()
	made, err := event.New(context.Background(), source, "", fact)
	if err != nil {
		tb.Fatal(err)
	}
	return made[0]
}

// reports are what the other services say about an order that goes well.
func reports(tb testing.TB, id string) []event.Envelope {
	points := event.LoyaltyPoints{OrderID: id, CustomerID: "c-1", Points: 19}
	return []event.Envelope{
		envelope(tb, Name, event.OrderCreated{OrderID: id, OrderNumber: "ORD1"}),
		envelope(tb, "kitchen", event.OrderPreparing{OrderID: id}),
		envelope(tb, "kitchen", event.OrderBoxed{OrderID: id}),
		envelope(tb, "delivery", event.DeliveryNotificationSent{OrderID: id, CustomerID: "c-1"}),
		envelope(tb, "delivery", event.OrderDelivered{OrderID: id}),
		envelope(tb, "loyalty", event.LoyaltyPointsEarned{LoyaltyPoints: points}),
	}
}

// shuffled draws an order of the events in which some come again.
func shuffled(t *rapid.T, events []event.Envelope) []event.Envelope {
	again := rapid.SliceOfN(rapid.SampledFrom(events), 0, 6).Draw(t, "again")
	order := rapid.Permutation(slices.Concat(events, again)).Draw(t, "order")
	return order
}

func TestTheStatusIsTheSameInWhateverOrderAndHoweverOftenEventsCome(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	rapid.Check(t, func(rt *rapid.T) {
		id := o.stored(t)
		for _, e := range shuffled(rt, reports(t, id)) {
			if err := o.handle(e); err != nil {
				rt.Fatal(err)
			}
		}
		status, timeline := o.status(t, id)
		if status != "delivered" {
			rt.Errorf("the status is %s", status)
		}
		want := []string{
			"DeliveryNotificationSent", "LoyaltyPointsEarned", "OrderBoxed", "OrderCreated", "OrderDelivered", "OrderPreparing",
		}
		if diff := cmp.Diff(want, slices.DeleteFunc(timeline, func(e string) bool { return e == "OrderConfirmed" })); diff != "" {
			rt.Errorf("timeline (-want +got)\n%s", diff)
		}
	})
}

func TestARejectedOrderIsCancelledOnceInWhateverOrderEventsCome(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	rapid.Check(t, func(rt *rapid.T) {
		id := o.stored(t)
		events := []event.Envelope{
			envelope(t, Name, event.OrderCreated{OrderID: id, OrderNumber: "ORD1"}),
			envelope(t, "kitchen", event.OrderRejected{OrderID: id, Reason: "out of ingredients"}),
			envelope(t, "loyalty", event.LoyaltyPointsReversed{LoyaltyPoints: event.LoyaltyPoints{OrderID: id, CustomerID: "c-1", Points: 19}}),
		}
		for _, e := range shuffled(rt, events) {
			if err := o.handle(e); err != nil {
				rt.Fatal(err)
			}
		}
		status, timeline := o.status(t, id)
		if cancellations := count(timeline, "OrderCancelled"); status != "cancelled" || cancellations != 1 {
			rt.Errorf("the status is %s, with %d cancellations", status, cancellations)
		}
		var sent int
		for _, e := range published(t, o.DB) {
			var about event.OrderBoxed // only its order id matters
			if err := json.Unmarshal(e.Data, &about); err != nil {
				rt.Fatal(err)
			}
			if about.OrderID == id && e.Metadata.EventType == "OrderCancelled" {
				sent++
			}
		}
		if sent != 1 {
			rt.Errorf("OrderCancelled is published %d times", sent)
		}
	})
}

func count(list []string, want string) (n int) {
	for _, s := range list {
		if s == want {
			n++
		}
	}
	return n
}

func TestAnOrderIsConfirmedInBothFormsOfOneFact(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	createdEvent := published(t, o.DB)[0]
	for range 2 { // the second time changes nothing
		if err := o.handle(createdEvent); err != nil {
			t.Fatal(err)
		}
	}
	sent := published(t, o.DB)
	if diff := cmp.Diff([]string{"OrderCreated v1", "OrderConfirmed v1", "OrderConfirmed v2"}, names(sent)); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	v1, err1 := event.Data[event.OrderConfirmedNumber](sent[1])
	v2, err2 := event.Data[event.OrderConfirmedMoney](sent[2])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	value := event.Pence(1989)
	order := event.OrderConfirmed{
		OrderID: id, OrderNumber: "ORD1", CustomerID: "c-1", DeliveryAddress: &event.Address{AddressLine1: "167 My Street"},
		Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem}},
	}
	if diff := cmp.Diff(event.OrderConfirmedNumber{OrderConfirmed: order, OrderValue: &value}, v1); diff != "" {
		t.Errorf("v1 (-want +got)\n%s", diff)
	}
	money := event.Money{Value: value, Currency: "GBP"}
	if diff := cmp.Diff(event.OrderConfirmedMoney{OrderConfirmed: order, OrderValue: &money}, v2); diff != "" {
		t.Errorf("v2 (-want +got)\n%s", diff)
	}
	if a, b := sent[1].Metadata, sent[2].Metadata; a.EventID != b.EventID || a.CausationID != createdEvent.Metadata.EventID {
		t.Errorf("event ids %s and %s, caused by %s; want one fact, caused by %s", a.EventID, b.EventID, a.CausationID, createdEvent.Metadata.EventID)
	}
}

func TestACancelledOrderIsNotConfirmed(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	if err := o.handle(envelope(t, "kitchen", event.OrderRejected{OrderID: id, Reason: "closed"})); err != nil {
		t.Fatal(err)
	}
	if err := o.handle(published(t, o.DB)[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"OrderCreated v1", "OrderCancelled v1"}, names(published(t, o.DB))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEventsAboutOrdersOfAnotherDatabaseAreNoError(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	for _, e := range append(reports(t, "stranger"), envelope(t, "kitchen", event.OrderRejected{OrderID: "stranger", Reason: "closed"})) {
		if err := o.handle(e); err != nil {
			t.Errorf("%s: %v", e.Metadata.EventType, err)
		}
	}
	if sent := published(t, o.DB); len(sent) != 0 {
		t.Errorf("published %v", names(sent))
	}
}

func TestAnUnreadableEventCanNeverSucceed(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	for _, s := range o.Subscriptions() {
		for _, data := range []string{`{}`, `[]`, `{"orderId":7}`, `{"orderId":""}`} {
			e := event.Envelope{
				Metadata: event.Metadata{EventType: s.Event.Name, Version: s.Event.Version, EventID: "e-1", EventDate: event.Date{Time: time.Now()}},
				Data:     json.RawMessage(data),
			}
			if err := s.Handle(t.Context(), e); !errors.Is(err, event.ErrUnreadable) {
				t.Errorf("%s with %s: got %v, want ErrUnreadable", s.Event, data, err)
			}
		}
	}
}
