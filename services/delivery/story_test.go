package delivery

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host/hosttest"
)

// drawOrder draws the events of an order for delivery, in their usual order, and the expected view.
func drawOrder(t *rapid.T, tb testing.TB, id, knownAddress string) (told []event.Envelope, want deliveryView) {
	order := rapid.SampledFrom([]event.OrderConfirmed{
		orderTo(id, street, ""), orderTo(id, nil, knownAddress), orderTo(id, nil, "lost"),
	}).Draw(t, "order")
	confirmed, boxed := rapid.IntRange(0, 4).Draw(t, "confirmed") > 0, rapid.IntRange(0, 4).Draw(t, "boxed") > 0
	if confirmed {
		v1, v2 := eventtest.Confirmed(tb, order, 1989)
		told = append(told, v2)
		if rapid.Bool().Draw(t, "in both forms") {
			told = append(told, v1)
		}
		want = deliveryView{CustomerID: "c-1"}
		if order.DeliveryAddressID != "lost" {
			want.DeliveryAddress = street
		}
	} else {
		want.WaitingFor = append(want.WaitingFor, "confirmation")
	}
	if boxed {
		told = append(told, eventtest.One(tb, id, event.OrderBoxed{OrderID: id}))
	} else {
		want.WaitingFor = append(want.WaitingFor, "box")
	}
	if confirmed && want.DeliveryAddress == nil {
		want.WaitingFor = append(want.WaitingFor, "address")
	}
	want.OrderID, want.Status = id, "waiting"
	if want.WaitingFor == nil {
		want.Status = "delivered"
	}
	if rapid.Bool().Draw(t, "cancelled") {
		told = append(told, cancelledOrder(tb, id))
		want.Status, want.WaitingFor = "cancelled", nil
	}
	if len(told) == 0 {
		return nil, deliveryView{}
	}
	return told, want
}

// A delivery depends on the set of known facts, not on their order of arrival or their repetition. A cancellation overrides the
// drive.
func TestTheSameFactsAreTheSameDeliveryInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	inOrder, shuffled := newDeliveries(t, "0s"), newDeliveries(t, "0s")
	for _, d := range []*deliveries{inOrder, shuffled} {
		if _, err := d.DB.ExecContext(t.Context(),
			`INSERT INTO addresses (id, address) VALUES ('known', '{"addressLine1":"167 My Street"}')`); err != nil {
			t.Fatal(err)
		}
	}
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		hosttest.Forget(t, inOrder.DB, shuffled.DB)
		told, wants := []event.Envelope{}, map[string]deliveryView{}
		for range rapid.IntRange(1, 3).Draw(rt, "orders") {
			id := fmt.Sprint("o-", number.Add(1))
			of, want := drawOrder(rt, t, id, "known")
			told, wants[id] = append(told, of...), want
		}
		for _, e := range told {
			if err := eventtest.Handle(inOrder, e); err != nil {
				rt.Fatal(err)
			}
		}
		for _, e := range eventtest.Shuffled(rt, told) {
			if err := eventtest.Handle(shuffled, e); err != nil {
				rt.Fatal(err)
			}
		}
		for _, e := range told { // all a second time
			if duplicate, err := eventtest.Give(context.Background(), shuffled, e); err != nil || !duplicate {
				rt.Fatalf("%s again: duplicate %t, %v", e.Metadata.EventType, duplicate, err)
			}
		}
		for id, want := range wants {
			got := view(t, shuffled, id)
			if diff := cmp.Diff(view(t, inOrder, id), got); diff != "" {
				rt.Errorf("(-in order +shuffled)\n%s", diff)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Errorf("(-want +got)\n%s", diff)
			}
			sent := eventtest.Names(hosttest.PublishedIn(t, shuffled.DB, id))
			if once := slices.Compact(slices.Clone(sent)); len(once) != len(sent) {
				rt.Errorf("said twice: %v", sent)
			}
		}
	})
}

// Workers of several subscriptions and processes use the database at the same time.
func TestEventsThatAreHandledAtOnceSendTheOrderOutOnce(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var told []event.Envelope
	var ids []string
	for i := range 10 {
		id := fmt.Sprint("o-", i)
		ids = append(ids, id)
		told = append(told, confirmedOrder(t, id, street, ""), eventtest.One(t, id, event.OrderBoxed{OrderID: id}))
	}
	if err := eventtest.GiveAtOnce(ctx, d, told); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		sent := eventtest.Names(hosttest.PublishedIn(t, d.DB, id))
		if got := view(t, d, id).Status; got != "delivered" || !slices.Equal(sent, []string{"DeliveryNotificationSent", "OrderDelivered"}) {
			t.Errorf("the delivery is %s, published %v", got, sent)
		}
	}
}
