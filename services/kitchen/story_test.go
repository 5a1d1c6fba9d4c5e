package kitchen

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

// run handles events, and the tickets that they open, until none is left. next chooses among the waiting events. A ticket waits,
// perhaps more than once, from the moment at which its event was handled.
func run(t *rapid.T, tb testing.TB, k *kitchen, events []event.Envelope, next func(waiting int) int, copies func() int) {
	var handled []event.Envelope
	seen := map[string]bool{}
	for waiting := slices.Clone(events); len(waiting) > 0; {
		i := next(len(waiting))
		e := waiting[i]
		waiting = slices.Delete(waiting, i, i+1)
		if err := eventtest.Handle(k, e); err != nil {
			t.Fatal(err)
		}
		handled = append(handled, e)
		for _, sent := range hosttest.PublishedIn(tb, k.DB, e.Metadata.ConversationID) {
			if id := sent.Metadata.EventID; sent.Metadata.EventType == event.TicketOpenedV1.Name && !seen[id] {
				seen[id] = true
				waiting = slices.Insert(waiting, 0, slices.Repeat([]event.Envelope{sent}, copies())...)
			}
		}
	}
	before := k.listed(tb)
	for _, e := range handled { // all a second time
		if duplicate, err := eventtest.Give(context.Background(), k, e); err != nil || !duplicate {
			t.Fatalf("%s again: duplicate %t, %v", e.Metadata.EventType, duplicate, err)
		}
	}
	if diff := cmp.Diff(before, k.listed(tb)); diff != "" {
		t.Fatalf("after all events once more (-before +after)\n%s", diff)
	}
}

// drawOrder draws the events of an order for the kitchen, in their usual order, and the expected ticket.
func drawOrder(t *rapid.T, tb testing.TB, id string) (told []event.Envelope, want string) {
	if rapid.IntRange(0, 4).Draw(t, "confirmed") > 0 { // otherwise it has not arrived
		quantity := rapid.SampledFrom([]event.Quantity{"1", event.AllOfThem, "51"}).Draw(t, "quantity")
		v1, v2 := eventtest.Confirmed(tb, orderOf(id, quantity), 1989)
		told, want = append(told, v2), "boxed"
		if rapid.Bool().Draw(t, "in both forms") {
			told = append(told, v1)
		}
		if quantity == "51" {
			want = "rejected"
		}
	}
	if rapid.Bool().Draw(t, "cancelled") {
		told = append(told, eventtest.One(tb, id, event.OrderCancelled{OrderID: id, CustomerID: "c-1", Reason: "closed"}))
		if want != "" {
			want = "cancelled"
		}
	}
	return told, want
}

// Tickets and cooks depend on the set of known facts, not on their order of arrival or their repetition. A cancellation overrides
// all work.
func TestTheSameFactsAreTheSameTicketsInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	inOrder, shuffled := fastKitchen(t), fastKitchen(t)
	var number atomic.Int64
	began := time.Now()
	rapid.Check(t, func(rt *rapid.T) {
		hosttest.Forget(t, inOrder.DB, shuffled.DB)
		told, wants := []event.Envelope{}, map[string]string{}
		for range rapid.IntRange(1, 3).Draw(rt, "orders") {
			id := fmt.Sprint("o-", number.Add(1))
			of, want := drawOrder(rt, t, id)
			told, wants[id] = append(told, of...), want
		}
		who := fmt.Sprint("cook-", number.Add(1))
		for range rapid.IntRange(0, 3).Draw(rt, "uses of the clock") {
			at := began.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "at")) * time.Minute)
			e := clockedOut(t, who, at)
			if rapid.Bool().Draw(rt, "in") {
				e = clockedIn(t, who, at)
			}
			told = append(told, e)
		}
		run(rt, t, inOrder, told, func(int) int { return 0 }, func() int { return 1 })
		run(rt, t, shuffled, eventtest.Shuffled(rt, told), func(waiting int) int {
			return rapid.IntRange(0, waiting-1).Draw(rt, "next")
		}, func() int { return rapid.IntRange(1, 3).Draw(rt, "copies") })

		want, got := inOrder.listed(t), shuffled.listed(t)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("(-in order +shuffled)\n%s", diff)
		}
		for id, want := range wants {
			i := slices.IndexFunc(got.Tickets, func(v ticketView) bool { return v.OrderID == id })
			if listed := i >= 0; listed != (want != "") || (listed && got.Tickets[i].Status != want) {
				rt.Errorf("%s: listed %t, want %q: %+v", id, listed, want, got.Tickets)
			}
		}
	})
}

// Workers of several subscriptions and processes use the database at the same time.
func TestEventsThatAreHandledAtOnceCookTheOrderOnce(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var told []event.Envelope
	for i := range 10 {
		told = append(told, confirmedOrder(t, fmt.Sprint("o-", i), "1"))
	}
	if err := eventtest.GiveAtOnce(ctx, k, told); err != nil {
		t.Fatal(err)
	}
	if err := eventtest.GiveAtOnce(ctx, k, hosttest.Published(t, k.DB)); err != nil {
		t.Fatal(err)
	}
	for _, e := range told {
		id := e.Metadata.ConversationID
		sent := eventtest.Names(hosttest.PublishedIn(t, k.DB, id))
		if got := k.ticket(t, id).stage; got != boxed || !slices.Equal(sent, []string{"OrderBoxed", "OrderPreparing", "TicketOpened"}) {
			t.Errorf("the ticket is %s, published %v", got, sent)
		}
	}
}
