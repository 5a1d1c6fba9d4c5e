package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/host"
)

func newDeliveries(tb testing.TB, drivingTime string) *deliveries {
	tb.Helper()
	h := newHost(tb, map[string]string{"DELIVERY_DRIVING_TIME": drivingTime})
	app, err := Service().New(h)
	if err = errors.Join(err, h.Env.Err()); err != nil {
		tb.Fatal(err)
	}
	return app.(*deliveries)
}

func confirmedOrder(tb testing.TB, id string, address *event.Address, addressID string) event.Envelope {
	tb.Helper()
	return envelope(tb, id, event.OrderConfirmedMoney{
		OrderConfirmed: event.OrderConfirmed{
			OrderID: id, OrderNumber: "ORD1", CustomerID: "c-1", DeliveryAddress: address, DeliveryAddressID: addressID,
			Items: []event.Item{{ItemName: "Margherita", Quantity: "3"}},
		},
		OrderValue: &event.Money{Value: event.Pence(1989), Currency: "GBP"},
	})
}

var street = &event.Address{AddressLine1: "167 My Street"}

var delivery2 = []string{"DeliveryNotificationSent", "OrderDelivered"}

func TestAnOrderIsDeliveredOnceWhenItsAddressAndItsBoxAreKnownInWhateverOrder(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		id := fmt.Sprint("o-", number.Add(1))
		for _, e := range shuffled(rt, confirmedOrder(t, id, street, ""), envelope(t, id, event.OrderBoxed{OrderID: id})) {
			if err := handle(d, e); err != nil {
				rt.Fatal(err)
			}
		}
		if diff := cmp.Diff(delivery2, names(published(t, d.DB, id))); diff != "" {
			rt.Errorf("(-want +got)\n%s", diff)
		}
		want := deliveryView{OrderID: id, CustomerID: "c-1", Status: "delivered", DeliveryAddress: street}
		if diff := cmp.Diff(want, view(t, d, id)); diff != "" {
			rt.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestACancelledOrderStaysAtHomeUnlessItIsOnTheRoad(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		id := fmt.Sprint("o-", number.Add(1))
		confirmed, boxed := confirmedOrder(t, id, street, ""), envelope(t, id, event.OrderBoxed{OrderID: id})
		cancelled := envelope(t, id, event.OrderCancelled{OrderID: id, CustomerID: "c-1", Reason: "closed"})
		events := shuffled(rt, confirmed, boxed, cancelled)
		for _, e := range events {
			if err := handle(d, e); err != nil {
				rt.Fatal(err)
			}
		}
		first := func(which event.Envelope) int {
			return slices.IndexFunc(events, func(e event.Envelope) bool { return e.Metadata.EventID == which.Metadata.EventID })
		}
		wantEvents, wantStatus := []string{}, "cancelled"
		if first(cancelled) > max(first(confirmed), first(boxed)) {
			wantEvents, wantStatus = delivery2, "delivered"
		}
		if diff := cmp.Diff(wantEvents, names(published(t, d.DB, id))); diff != "" {
			rt.Errorf("(-want +got)\n%s", diff)
		}
		if got := view(t, d, id).Status; got != wantStatus {
			rt.Errorf("the delivery is %s, want %s", got, wantStatus)
		}
	})
}

// The process dies on the road: the event that sent the order out comes again, and the drive goes on. What comes again
// for another reason does not start a second drive.
func TestADriveThatBrokeOffGoesOn(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "10m")
	confirmed, boxed := confirmedOrder(t, "o-1", street, ""), envelope(t, "o-1", event.OrderBoxed{OrderID: "o-1"})
	if err := handle(d, confirmed); err != nil {
		t.Fatal(err)
	}
	ctx, die := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer die()
	if err := d.onBoxed(ctx, boxed); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the end of the context", err)
	}
	if got := view(t, d, "o-1").Status; got != "out-for-delivery" {
		t.Errorf("the delivery is %s", got)
	}
	d.drivingTime = host.Span{}
	if err := handle(d, confirmed); err != nil {
		t.Fatal(err)
	}
	if got := view(t, d, "o-1").Status; got != "out-for-delivery" {
		t.Errorf("after an event of no concern the delivery is %s", got)
	}
	for range 2 {
		if err := handle(d, boxed); err != nil {
			t.Fatal(err)
		}
	}
	if got := view(t, d, "o-1").Status; got != "delivered" {
		t.Errorf("the delivery is %s", got)
	}
	if sent := published(t, d.DB, "o-1"); !slices.Equal(names(sent), []string{"OrderDelivered"}) {
		t.Errorf("published %v", names(sent))
	}
}

func TestAnUnreadableEventCanNeverSucceed(t *testing.T) {
	t.Parallel()
	refusesUnreadable(t, newDeliveries(t, ""))
}

func TestAWrongDrivingTimeIsNamed(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(func(string) (string, bool) { return "slowly", true })
	Service().Check(env)
	if err := env.Err(); !errors.Is(err, host.ErrConfiguration) {
		t.Errorf("got %v", err)
	}
}
