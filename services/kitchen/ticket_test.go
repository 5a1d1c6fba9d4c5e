package kitchen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
	"traceria/services/host/hosttest"
)

func newKitchenWith(tb testing.TB, env map[string]string) *kitchen {
	tb.Helper()
	h := hosttest.New(tb, Service(), env)
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

func orderOf(id string, quantity event.Quantity) event.OrderConfirmed {
	return event.OrderConfirmed{
		OrderID: id, OrderNumber: "ORD1", CustomerID: "c-1", DeliveryAddressID: "a-1",
		Items: []event.Item{{ItemName: "Margherita", Quantity: quantity}},
	}
}

func confirmedOrder(tb testing.TB, id string, quantity event.Quantity) event.Envelope {
	tb.Helper()
	_, v2 := eventtest.Confirmed(tb, orderOf(id, quantity), 1989)
	return v2
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

func TestAnOrderThatIsTooLargeIsRejectedOnce(t *testing.T) {
	t.Parallel()
	k := newKitchenWith(t, map[string]string{"KITCHEN_LARGEST_TICKET": "10"})
	for _, quantity := range []event.Quantity{"10", "11"} {
		id := "o-" + string(quantity)
		for range 2 {
			if err := eventtest.Handle(k, confirmedOrder(t, id, quantity)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := eventtest.Names(hosttest.PublishedIn(t, k.DB, "o-10")); !slices.Equal(got, []string{"TicketOpened"}) {
		t.Errorf("an order of 10 pieces: %v", got)
	}
	sent := hosttest.PublishedIn(t, k.DB, "o-11")
	if len(sent) != 1 {
		t.Fatalf("an order of 11 pieces: %v", eventtest.Names(sent))
	}
	fact, err := event.Data[event.OrderRejected](sent[0])
	if err != nil || fact.OrderID != "o-11" || !strings.Contains(fact.Reason, "11 pieces ordered, dough for 10") {
		t.Errorf("got %+v, %v", fact, err)
	}
}

// The process dies during the work: the ticket is delivered again and finished, and no event is published twice. A further
// delivery is a duplicate.
func TestATicketThatWasLeftOnTheStoveIsFinished(t *testing.T) {
	t.Parallel()
	k := newKitchenWith(t, map[string]string{"KITCHEN_COOKING_TIME": "10m"})
	if err := eventtest.Handle(k, confirmedOrder(t, "o-1", "1")); err != nil {
		t.Fatal(err)
	}
	opened := hosttest.PublishedIn(t, k.DB, "o-1")[0]
	ctx, die := context.WithCancel(t.Context())
	died := make(chan error, 1)
	go func() {
		_, err := eventtest.Give(ctx, k, opened)
		died <- err
	}()
	k.awaitPreparing(t, "o-1")
	die()
	if err := <-died; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the end of the context", err)
	}
	k.cookingTime = host.Span{}
	for _, again := range []bool{false, true} {
		if duplicate, err := eventtest.Give(t.Context(), k, opened); err != nil || duplicate != again {
			t.Fatalf("duplicate %t, want %t; %v", duplicate, again, err)
		}
		if got := k.ticket(t, "o-1"); got.stage != boxed {
			t.Errorf("the ticket is %s", got.stage)
		}
		if got := eventtest.Names(hosttest.PublishedIn(t, k.DB, "o-1")); !slices.Equal(got, []string{"OrderBoxed", "OrderPreparing", "TicketOpened"}) {
			t.Errorf("published %v", got)
		}
	}
}

// awaitPreparing waits until a cook works on the ticket.
func (k *kitchen) awaitPreparing(t *testing.T, id string) {
	t.Helper()
	for end := time.Now().Add(deadline); k.ticket(t, id).stage != preparing; {
		if time.Now().After(end) {
			t.Fatal("no cook takes a ticket")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// A ticket that is cancelled during the work is never boxed.
func TestATicketThatIsCancelledInTheOvenIsNotBoxed(t *testing.T) {
	t.Parallel()
	k := newKitchenWith(t, map[string]string{"KITCHEN_COOKING_TIME": "3s"})
	if err := eventtest.Handle(k, confirmedOrder(t, "o-1", "1")); err != nil {
		t.Fatal(err)
	}
	opened := hosttest.PublishedIn(t, k.DB, "o-1")[0]
	cooked := make(chan error, 1)
	go func() { cooked <- eventtest.Handle(k, opened) }()
	k.awaitPreparing(t, "o-1")
	if err := eventtest.Handle(k, eventtest.One(t, "o-1", event.OrderCancelled{OrderID: "o-1", CustomerID: "c-1", Reason: "closed"})); err != nil {
		t.Fatal(err)
	}
	if err := <-cooked; err != nil {
		t.Fatal(err)
	}
	if got := eventtest.Names(hosttest.PublishedIn(t, k.DB, "o-1")); !slices.Equal(got, []string{"OrderPreparing", "TicketOpened"}) {
		t.Errorf("published %v", got)
	}
	if duplicate, err := eventtest.Give(t.Context(), k, opened); err != nil || !duplicate {
		t.Errorf("the ticket again: duplicate %t, %v", duplicate, err)
	}
}

func TestADuplicateChangesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	confirmed := confirmedOrder(t, "o-1", "1")
	if err := eventtest.Handle(k, confirmed); err != nil {
		t.Fatal(err)
	}
	for _, e := range []event.Envelope{
		confirmed, hosttest.PublishedIn(t, k.DB, "o-1")[0], clockedIn(t, "linus", time.Now()), clockedOut(t, "linus", time.Now()),
		eventtest.One(t, "o-1", event.OrderCancelled{OrderID: "o-1", CustomerID: "c-1", Reason: "closed"}),
		hosttest.PublishedIn(t, k.DB, "o-1")[0], // of a cancelled order
	} {
		if err := eventtest.Handle(k, e); err != nil {
			t.Fatal(err)
		}
		before, sent := k.listed(t), eventtest.Names(hosttest.PublishedIn(t, k.DB, "o-1"))
		if duplicate, err := eventtest.Give(t.Context(), k, e); err != nil || !duplicate {
			t.Errorf("%s again: duplicate %t, %v", e.Metadata.EventType, duplicate, err)
		}
		if diff := cmp.Diff(before, k.listed(t)); diff != "" {
			t.Errorf("%s again (-before +after)\n%s", e.Metadata.EventType, diff)
		}
		if diff := cmp.Diff(sent, eventtest.Names(hosttest.PublishedIn(t, k.DB, "o-1"))); diff != "" {
			t.Errorf("%s again (-before +after)\n%s", e.Metadata.EventType, diff)
		}
	}
}

// The event has the menu's number for "all of them", so the kitchen counts the same.
func TestTheKitchenCountsAsTheMenuDoes(t *testing.T) {
	t.Parallel()
	k := newKitchenWith(t, map[string]string{"KITCHEN_LARGEST_TICKET": "5"})
	for pieces, want := range map[int]string{3: "TicketOpened", 5: "TicketOpened", 6: "OrderRejected", 0: "OrderRejected"} {
		id := fmt.Sprint("o-", pieces)
		order := orderOf(id, event.AllOfThem)
		order.Items[0].Pieces = event.Whole(pieces)
		_, v2 := eventtest.Confirmed(t, order, 1989)
		if err := eventtest.Handle(k, v2); err != nil {
			t.Fatal(err)
		}
		if got := eventtest.Names(hosttest.PublishedIn(t, k.DB, id)); !slices.Equal(got, []string{want}) {
			t.Errorf("all of %d: published %v, want %s", pieces, got, want)
		}
	}
}

func TestAnUnreadableEventCanNeverSucceed(t *testing.T) {
	t.Parallel()
	eventtest.RefusesUnreadable(t, fastKitchen(t))
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

// An order that was cancelled before its confirmation makes no event, even if it is too large.
func TestNothingIsSaidOfAnOrderThatIsCancelledAlready(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	for _, quantity := range []event.Quantity{"1", "51"} {
		id := "o-" + string(quantity)
		for _, e := range []event.Envelope{
			eventtest.One(t, id, event.OrderCancelled{OrderID: id, CustomerID: "c-1", Reason: "closed"}), confirmedOrder(t, id, quantity),
		} {
			if err := eventtest.Handle(k, e); err != nil {
				t.Fatal(err)
			}
		}
		if sent := hosttest.PublishedIn(t, k.DB, id); len(sent) != 0 {
			t.Errorf("%s pieces: published %v", quantity, eventtest.Names(sent))
		}
	}
}

func TestOnePieceIsSingular(t *testing.T) {
	t.Parallel()
	for pieces, want := range map[int]string{1: "1 piece ordered, dough for 0", 2: "2 pieces ordered, dough for 0"} {
		if got := outOfIngredients(pieces, 0); got != "out of ingredients: "+want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
