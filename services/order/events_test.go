package order

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host/hosttest"
)

// newOrders returns the service without HTTP and broker, for tests of its handlers.
func newOrders(tb testing.TB) *orders {
	tb.Helper()
	o, err := newService(hosttest.New(tb, Service(), nil))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// stored stores an order as POST /order does and returns its id.
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
	placed, err := o.place(context.Background(), newRow(body, items, pence, ""))
	if err != nil {
		tb.Fatal(err)
	}
	return placed.OrderID
}

// handle passes an event to the handler of its subscription.
func (o *orders) handle(e event.Envelope) error {
	_, err := eventtest.Give(context.Background(), o, e)
	return err
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

// reports are the events of the other services about a delivered order.
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

func TestAnOrderIsConfirmedInBothFormsOfOneFact(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	createdEvent := hosttest.Published(t, o.DB)[0]
	for range 2 { // the second time changes nothing
		if err := o.handle(createdEvent); err != nil {
			t.Fatal(err)
		}
	}
	sent := hosttest.Published(t, o.DB)
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
		Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem, Pieces: 3}},
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
	o.cancelled(t, id)
	if err := o.handle(hosttest.Published(t, o.DB)[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"OrderCreated v1", "OrderCancelled v1"}, names(hosttest.Published(t, o.DB))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// An early or forged report must not replace the decision to confirm.
func TestAnOrderIsConfirmedWhateverWasReportedBefore(t *testing.T) {
	t.Parallel()
	for _, ahead := range []event.Payload{
		event.OrderPreparing{}, event.OrderBoxed{}, event.DeliveryNotificationSent{CustomerID: "c-1"}, event.OrderDelivered{},
	} {
		t.Run(ahead.Type().Name, func(t *testing.T) {
			t.Parallel()
			o := newOrders(t)
			id := o.stored(t)
			if err := o.handle(eventtest.New(t, id, about(ahead, id))[0]); err != nil {
				t.Fatal(err)
			}
			if err := o.handle(hosttest.Published(t, o.DB)[0]); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"OrderCreated v1", "OrderConfirmed v1", "OrderConfirmed v2"}, names(hosttest.Published(t, o.DB))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The kitchen rejects a confirmed order. A rejection that arrives before the confirmation waits for it.
func TestARejectionThatComesFirstIsKept(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	rejected := eventtest.New(t, id, event.OrderRejected{OrderID: id, Reason: "out of ingredients"})[0]
	if err := o.handle(rejected); err != nil {
		t.Fatal(err)
	}
	if got := names(hosttest.Published(t, o.DB)); len(got) != 1 {
		t.Fatalf("before the order is confirmed: %v", got)
	}
	if err := o.handle(hosttest.Published(t, o.DB)[0]); err != nil {
		t.Fatal(err)
	}
	sent := hosttest.Published(t, o.DB)
	want := []string{"OrderCreated v1", "OrderConfirmed v1", "OrderConfirmed v2", "OrderCancelled v1"}
	if diff := cmp.Diff(want, names(sent)); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	if fact, err := event.Data[event.OrderCancelled](sent[3]); err != nil || fact.Reason != "out of ingredients" {
		t.Errorf("cancelled with %+v, %v", fact, err)
	}
}

// A rejection of a delivered order contradicts the delivery. It cancels the order at any time, so that all services agree.
func TestARejectionCancelsWhateverIsReported(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	events := append(reports(t, id), envelope(t, "kitchen", event.OrderRejected{OrderID: id, Reason: "burnt"}))
	for _, e := range events {
		if err := o.handle(e); err != nil {
			t.Fatal(err)
		}
	}
	if status, timeline := o.status(t, id); status != "cancelled" || !slices.Contains(timeline, "OrderCancelled") {
		t.Errorf("the order is %s: %v", status, timeline)
	}
}

func TestADuplicateChangesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	for _, e := range append(reports(t, id), envelope(t, "kitchen", event.OrderRejected{OrderID: id, Reason: "burnt"})) {
		if duplicate, err := eventtest.Give(t.Context(), o, e); err != nil || duplicate {
			t.Errorf("%s: duplicate %t, %v", e.Metadata.EventType, duplicate, err)
		}
		before := o.story(t, id)
		sent := names(hosttest.Published(t, o.DB))
		if duplicate, err := eventtest.Give(t.Context(), o, e); err != nil || !duplicate {
			t.Errorf("%s again: duplicate %t, %v", e.Metadata.EventType, duplicate, err)
		}
		after := o.story(t, id)
		if diff := cmp.Diff(before, after, unexported); diff != "" {
			t.Errorf("%s again (-before +after)\n%s", e.Metadata.EventType, diff)
		}
		if diff := cmp.Diff(sent, names(hosttest.Published(t, o.DB))); diff != "" {
			t.Errorf("%s again (-before +after)\n%s", e.Metadata.EventType, diff)
		}
	}
}

// A second OrderCreated with another event id does not confirm the order twice.
func TestAnOrderIsConfirmedOnce(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	for range 2 {
		if err := o.handle(eventtest.New(t, id, event.OrderCreated{OrderID: id, OrderNumber: "ORD1"})[0]); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"OrderCreated v1", "OrderConfirmed v1", "OrderConfirmed v2"}, names(hosttest.Published(t, o.DB))); diff != "" {
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
	if sent := hosttest.Published(t, o.DB); len(sent) != 0 {
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
		other := envelope(t, "staff", event.StaffMemberClockedIn{StaffMember: event.StaffMember{StaffMemberID: "ada", At: event.Moment{Time: time.Now()}}})
		other.Data = json.RawMessage(`{"orderId":"o-1","orderNumber":"1","customerId":"c","reason":"r","points":1}`)
		if err := s.Handle(t.Context(), other); !errors.Is(err, event.ErrUnreadable) {
			t.Errorf("%s takes %s: %v", s.Event, other.Metadata.EventType, err)
		}
	}
}

func TestARejectedOrderHasTheKitchensReason(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	id := o.stored(t)
	if err := o.handle(envelope(t, "kitchen", event.OrderRejected{OrderID: id, Reason: "burnt"})); err != nil {
		t.Fatal(err)
	}
	if found, err := o.views(t.Context(), `WHERE id = $1`, id); err != nil || len(found) != 1 || found[0].Rejection != "burnt" {
		t.Errorf("got %+v, %v", found, err)
	}
}
