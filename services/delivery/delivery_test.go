package delivery

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
	"traceria/services/host/hosttest"
)

func newDeliveries(tb testing.TB, drivingTime string) *deliveries {
	tb.Helper()
	h := hosttest.New(tb, Service(), map[string]string{"DELIVERY_DRIVING_TIME": drivingTime})
	app, err := Service().New(h)
	if err = errors.Join(err, h.Env.Err()); err != nil {
		tb.Fatal(err)
	}
	return app.(*deliveries)
}

func orderTo(id string, address *event.Address, addressID string) event.OrderConfirmed {
	return event.OrderConfirmed{
		OrderID: id, OrderNumber: "ORD1", CustomerID: "c-1", DeliveryAddress: address, DeliveryAddressID: addressID,
		Items: []event.Item{{ItemName: "Margherita", Quantity: "3"}},
	}
}

func confirmedOrder(tb testing.TB, id string, address *event.Address, addressID string) event.Envelope {
	tb.Helper()
	_, v2 := eventtest.Confirmed(tb, orderTo(id, address, addressID), 1989)
	return v2
}

var street = &event.Address{AddressLine1: "167 My Street"}

func cancelledOrder(tb testing.TB, id string) event.Envelope {
	tb.Helper()
	return eventtest.One(tb, id, event.OrderCancelled{OrderID: id, CustomerID: "c-1", Reason: "closed"})
}

// The process dies on the road: the event that sent the order out is delivered again, and the drive continues. Another repeated
// event does not start a second drive.
func TestADriveThatBrokeOffGoesOn(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "10m")
	confirmed, boxed := confirmedOrder(t, "o-1", street, ""), eventtest.One(t, "o-1", event.OrderBoxed{OrderID: "o-1"})
	if err := eventtest.Handle(d, confirmed); err != nil {
		t.Fatal(err)
	}
	breakOff(t, d, boxed)
	d.drivingTime = host.Span{}
	if duplicate, err := eventtest.Give(t.Context(), d, confirmed); err != nil || !duplicate {
		t.Fatalf("the confirmation again: duplicate %t, %v", duplicate, err)
	}
	if err := eventtest.Handle(d, eventtest.One(t, "o-1", event.OrderBoxed{OrderID: "o-1"})); err != nil { // the same fact with another event id
		t.Fatal(err)
	}
	if got := view(t, d, "o-1").Status; got != "out-for-delivery" {
		t.Errorf("after an event of no concern the delivery is %s", got)
	}
	for _, again := range []bool{false, true} {
		if duplicate, err := eventtest.Give(t.Context(), d, boxed); err != nil || duplicate != again {
			t.Fatalf("duplicate %t, want %t; %v", duplicate, again, err)
		}
		if got := view(t, d, "o-1").Status; got != "delivered" {
			t.Errorf("the delivery is %s", got)
		}
		if sent := eventtest.Names(hosttest.PublishedIn(t, d.DB, "o-1")); !slices.Equal(sent, []string{"DeliveryNotificationSent", "OrderDelivered"}) {
			t.Errorf("published %v", sent)
		}
	}
}

// breakOff sends an order out and ends the context during the drive.
func breakOff(t *testing.T, d *deliveries, boxed event.Envelope) {
	t.Helper()
	ctx, die := context.WithCancel(t.Context())
	died := make(chan error, 1)
	go func() {
		_, err := eventtest.Give(ctx, d, boxed)
		died <- err
	}()
	awaitDrive(t, d, boxed.Metadata.ConversationID)
	die()
	if err := <-died; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the end of the context", err)
	}
}

// awaitDrive waits until the order is out for delivery.
func awaitDrive(t *testing.T, d *deliveries, id string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); view(t, d, id).Status != "out-for-delivery"; {
		if time.Now().After(end) {
			t.Fatal("no delivery starts")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// An order that is cancelled on the road is not reported as delivered, also after a crash.
func TestAnOrderThatIsCancelledOnTheRoadIsNotHandedOver(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "3s")
	for id, crash := range map[string]bool{"o-1": false, "o-2": true} {
		boxed := eventtest.One(t, id, event.OrderBoxed{OrderID: id})
		if err := eventtest.Handle(d, confirmedOrder(t, id, street, "")); err != nil {
			t.Fatal(err)
		}
		driven := make(chan error, 1)
		if crash {
			breakOff(t, d, boxed)
		} else {
			go func() { driven <- eventtest.Handle(d, boxed) }()
			awaitDrive(t, d, id)
		}
		if err := eventtest.Handle(d, cancelledOrder(t, id)); err != nil {
			t.Fatal(err)
		}
		if crash {
			driven <- eventtest.Handle(d, boxed)
		}
		if err := <-driven; err != nil {
			t.Fatal(err)
		}
		if got := view(t, d, id).Status; got != "cancelled" {
			t.Errorf("the delivery is %s", got)
		}
		if sent := eventtest.Names(hosttest.PublishedIn(t, d.DB, id)); !slices.Equal(sent, []string{"DeliveryNotificationSent"}) {
			t.Errorf("published %v", sent)
		}
		if duplicate, err := eventtest.Give(t.Context(), d, boxed); err != nil || !duplicate {
			t.Errorf("the box again: duplicate %t, %v", duplicate, err)
		}
	}
}

func TestADuplicateChangesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	for _, e := range []event.Envelope{
		confirmedOrder(t, "o-1", street, ""), eventtest.One(t, "o-1", event.OrderBoxed{OrderID: "o-1"}), cancelledOrder(t, "o-1"),
	} {
		if err := eventtest.Handle(d, e); err != nil {
			t.Fatal(err)
		}
		before, sent := view(t, d, "o-1"), eventtest.Names(hosttest.PublishedIn(t, d.DB, "o-1"))
		if duplicate, err := eventtest.Give(t.Context(), d, e); err != nil || !duplicate {
			t.Errorf("%s again: duplicate %t, %v", e.Metadata.EventType, duplicate, err)
		}
		if diff := cmp.Diff(before, view(t, d, "o-1")); diff != "" {
			t.Errorf("%s again (-before +after)\n%s", e.Metadata.EventType, diff)
		}
		if diff := cmp.Diff(sent, eventtest.Names(hosttest.PublishedIn(t, d.DB, "o-1"))); diff != "" {
			t.Errorf("%s again (-before +after)\n%s", e.Metadata.EventType, diff)
		}
	}
}

func TestAnUnreadableEventCanNeverSucceed(t *testing.T) {
	t.Parallel()
	eventtest.RefusesUnreadable(t, newDeliveries(t, ""))
}

func TestAWrongDrivingTimeIsNamed(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(func(string) (string, bool) { return "slowly", true })
	Service().Check(env)
	if err := env.Err(); !errors.Is(err, host.ErrConfiguration) {
		t.Errorf("got %v", err)
	}
}

func TestAnOrderThatIsCancelledAlreadyStaysAtHome(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	for _, e := range []event.Envelope{
		cancelledOrder(t, "o-1"), confirmedOrder(t, "o-1", street, ""), eventtest.One(t, "o-1", event.OrderBoxed{OrderID: "o-1"}),
	} {
		if err := eventtest.Handle(d, e); err != nil {
			t.Fatal(err)
		}
	}
	if sent := hosttest.PublishedIn(t, d.DB, "o-1"); len(sent) != 0 {
		t.Errorf("published %v", eventtest.Names(sent))
	}
}
