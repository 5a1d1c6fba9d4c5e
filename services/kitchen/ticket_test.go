package kitchen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/host"
)

func newKitchenWith(tb testing.TB, env map[string]string) *kitchen {
	tb.Helper()
	h := newHost(tb, env)
	app, err := Service().New(h)
	if err = errors.Join(err, h.Env.Err()); err != nil {
		tb.Fatal(err)
	}
	return app.(*kitchen)
}

func fastKitchen(tb testing.TB) *kitchen {
	tb.Helper()
	return newKitchenWith(tb, map[string]string{"KITCHEN_COOKING_TIME": "0s"})
}

func confirmedOrder(tb testing.TB, id string, quantity event.Quantity) event.Envelope {
	tb.Helper()
	return envelope(tb, id, event.OrderConfirmedMoney{
		OrderConfirmed: event.OrderConfirmed{
			OrderID: id, OrderNumber: "ORD1", CustomerID: "c-1", DeliveryAddressID: "a-1",
			Items: []event.Item{{ItemName: "Margherita", Quantity: quantity}},
		},
		OrderValue: &event.Money{Value: event.Pence(1989), Currency: "GBP"},
	})
}

// work handles the events in a drawn order, and with them the tickets that they open, each perhaps twice, until none is
// left. A ticket comes after the event that opened it: the broker cannot have it before.
func work(t *rapid.T, tb testing.TB, k *kitchen, id string, events ...event.Envelope) (handled []event.Envelope) {
	waiting, tickets := events, 0
	for len(waiting) > 0 {
		i := rapid.IntRange(0, len(waiting)-1).Draw(t, "next")
		next := waiting[i]
		waiting = slices.Delete(waiting, i, i+1)
		if err := handle(k, next); err != nil {
			t.Fatal(err)
		}
		handled = append(handled, next)
		if next.Metadata.EventType != "OrderConfirmed" {
			continue // opens no ticket
		}
		var opened []event.Envelope
		for _, e := range published(tb, k.DB, id) {
			if e.Metadata.EventType == "TicketOpened" {
				opened = append(opened, e)
			}
		}
		for _, ticket := range opened[tickets:] {
			waiting = append(waiting, slices.Repeat([]event.Envelope{ticket}, rapid.IntRange(1, 3).Draw(t, "copies"))...)
		}
		tickets = len(opened)
	}
	return handled
}

func (k *kitchen) ticket(tb testing.TB, id string) ticket {
	tb.Helper()
	var found ticket
	err := k.DB.QueryRowContext(context.Background(), `SELECT stage, cancelled FROM tickets WHERE order_id = $1`, id).
		Scan(&found.stage, &found.cancelled)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestAnOrderIsCookedOnceHoweverOftenItsEventsCome(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		id := fmt.Sprint("o-", number.Add(1))
		work(rt, t, k, id, shuffled(rt, confirmedOrder(t, id, "2"))...)
		if diff := cmp.Diff([]string{"OrderBoxed", "OrderPreparing", "TicketOpened"}, names(published(t, k.DB, id))); diff != "" {
			rt.Errorf("(-want +got)\n%s", diff)
		}
		if got := k.ticket(t, id); got.stage != boxed || got.cancelled {
			rt.Errorf("the ticket is %+v", got)
		}
	})
}

func TestNothingIsSaidOfACancelledOrderAnyMore(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		id := fmt.Sprint("o-", number.Add(1))
		cancelled := envelope(t, id, event.OrderCancelled{OrderID: id, CustomerID: "c-1", Reason: "closed"})
		handled := work(rt, t, k, id, shuffled(rt, confirmedOrder(t, id, "2"), cancelled)...)
		at := slices.IndexFunc(handled, func(e event.Envelope) bool { return e.Metadata.EventType == "OrderCancelled" })
		// What was handled before the cancellation decides alone.
		want := []string{}
		for _, e := range handled[:at] {
			switch e.Metadata.EventType {
			case "OrderConfirmed":
				want = append(want, "TicketOpened")
			case "TicketOpened":
				want = append(want, "OrderBoxed", "OrderPreparing")
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), names(published(t, k.DB, id))); diff != "" {
			rt.Errorf("(-want +got)\n%s", diff)
		}
		if !k.ticket(t, id).cancelled {
			rt.Error("the ticket is not struck off")
		}
	})
}

func TestAnOrderThatIsTooLargeIsRejectedOnce(t *testing.T) {
	t.Parallel()
	k := newKitchenWith(t, map[string]string{"KITCHEN_LARGEST_TICKET": "10"})
	for _, quantity := range []event.Quantity{"10", "11"} {
		id := "o-" + string(quantity)
		for range 2 {
			if err := handle(k, confirmedOrder(t, id, quantity)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := names(published(t, k.DB, "o-10")); !slices.Equal(got, []string{"TicketOpened"}) {
		t.Errorf("an order of 10 pieces: %v", got)
	}
	sent := published(t, k.DB, "o-11")
	if len(sent) != 1 {
		t.Fatalf("an order of 11 pieces: %v", names(sent))
	}
	fact, err := event.Data[event.OrderRejected](sent[0])
	if err != nil || fact.OrderID != "o-11" || !strings.Contains(fact.Reason, "11 pieces were ordered and there is dough for 10") {
		t.Errorf("got %+v, %v", fact, err)
	}
}

// The process dies while it cooks: the ticket comes again and is cooked to its end, and nothing is said twice.
func TestATicketThatWasLeftOnTheStoveIsFinished(t *testing.T) {
	t.Parallel()
	k := newKitchenWith(t, map[string]string{"KITCHEN_COOKING_TIME": "10m"})
	if err := handle(k, confirmedOrder(t, "o-1", "1")); err != nil {
		t.Fatal(err)
	}
	opened := published(t, k.DB, "o-1")[0]
	ctx, die := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer die()
	if err := k.onTicketOpened(ctx, opened); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the end of the context", err)
	}
	if got := k.ticket(t, "o-1"); got.stage != preparing {
		t.Errorf("the ticket is %s", got.stage)
	}
	k.cookingTime = host.Span{}
	if err := handle(k, opened); err != nil {
		t.Fatal(err)
	}
	if got := k.ticket(t, "o-1"); got.stage != boxed {
		t.Errorf("the ticket is %s", got.stage)
	}
	if got := names(published(t, k.DB, "o-1")); !slices.Equal(got, []string{"OrderBoxed", "TicketOpened"}) {
		t.Errorf("published %v", got) // OrderPreparing went without a conversation: the test called the handler itself
	}
}

func TestAnUnreadableEventCanNeverSucceed(t *testing.T) {
	t.Parallel()
	refusesUnreadable(t, fastKitchen(t))
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(func(name string) (string, bool) {
		value, set := map[string]string{"KITCHEN_COOKING_TIME": "quick", "KITCHEN_LARGEST_TICKET": "0"}[name]
		return value, set
	})
	Service().Check(env)
	for _, name := range []string{"KITCHEN_COOKING_TIME", "KITCHEN_LARGEST_TICKET"} {
		if err := env.Err(); !errors.Is(err, host.ErrConfiguration) || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s in it", err, name)
		}
	}
}
