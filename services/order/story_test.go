package order

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host/hosttest"
	"traceria/services/store"
)

// about sets the order id of a fact.
func about(fact event.Payload, id string) event.Payload {
	switch fact := fact.(type) {
	case event.OrderCreated:
		fact.OrderID = id
		return fact
	case event.OrderPreparing:
		fact.OrderID = id
		return fact
	case event.OrderBoxed:
		fact.OrderID = id
		return fact
	case event.OrderRejected:
		fact.OrderID = id
		return fact
	case event.DeliveryNotificationSent:
		fact.OrderID = id
		return fact
	case event.OrderDelivered:
		fact.OrderID = id
		return fact
	case event.LoyaltyPointsEarned:
		fact.OrderID = id
		return fact
	case event.LoyaltyPointsReversed:
		fact.OrderID = id
		return fact
	}
	panic("a fact that is not about an order")
}

// facts are all facts about an order from other services, in their usual order.
var facts = []event.Payload{
	event.OrderCreated{OrderNumber: "ORD1"},
	event.LoyaltyPointsEarned{LoyaltyPoints: event.LoyaltyPoints{CustomerID: "c-1", Points: 19}},
	event.OrderRejected{Reason: "out of ingredients"},
	event.OrderPreparing{},
	event.OrderBoxed{},
	event.DeliveryNotificationSent{CustomerID: "c-1"},
	event.OrderDelivered{},
	event.LoyaltyPointsReversed{LoyaltyPoints: event.LoyaltyPoints{CustomerID: "c-1", Points: 19}},
}

// story is the answer of GET /order/{id} without the times of this service's decisions, with its timeline as a set.
func (o *orders) story(tb testing.TB, id string) (got view) {
	tb.Helper()
	req := httptest.NewRequest(http.MethodGet, "/order/x", nil)
	req.SetPathValue("id", id)
	answer := httptest.NewRecorder()
	if err := o.get(answer, req); err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		tb.Fatal(err)
	}
	for i, line := range got.Timeline {
		if line.Service == Name {
			got.Timeline[i].At = time.Time{}
		}
	}
	slices.SortFunc(got.Timeline, func(a, b entry) int { return strings.Compare(a.Event, b.Event) })
	return got
}

var unexported = cmp.AllowUnexported(view{}, entry{})

// cancelled cancels the order as POST /order/{id}/cancel does.
func (o *orders) cancelled(tb testing.TB, id string) {
	tb.Helper()
	req := httptest.NewRequest(http.MethodPost, "/order/x/cancel", nil)
	req.SetPathValue("id", id)
	if err := o.cancel(httptest.NewRecorder(), req); err != nil {
		tb.Fatal(err)
	}
}

// placedIn stores the same order in each service.
func placedIn(tb testing.TB, services ...*orders) string {
	tb.Helper()
	body := request{CustomerID: "c-1", DeliveryAddress: &event.Address{AddressLine1: "167 My Street"}}
	wanted := newRow(body, []event.Item{{ItemName: "Margherita", Quantity: "1"}}, 663, "")
	wanted.at = time.Now()
	for _, o := range services {
		err := o.DB.Do(context.Background(), func(tx *store.Tx) error {
			_, err := wanted.insert(context.Background(), tx)
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return wanted.id
}

// wantedStatus computes the status from the set of facts.
func wantedStatus(told []event.Envelope, cancelledBefore bool) string {
	if cancelledBefore {
		return "cancelled"
	}
	reached, confirmedByUs, rejected := created, false, false
	for _, e := range told {
		reached = max(reached, progressOf(e.Metadata.EventType))
		confirmedByUs = confirmedByUs || e.Metadata.EventType == event.OrderCreatedV1.Name
		rejected = rejected || e.Metadata.EventType == event.OrderRejectedV1.Name
	}
	switch {
	case confirmedByUs && rejected:
		return "cancelled"
	case confirmedByUs:
		return max(reached, confirmed).String()
	default:
		return reached.String()
	}
}

// Answers and published events depend on the set of known facts, not on their order of arrival or their repetition.
func TestTheSameFactsAreTheSameStoryInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	inOrder, shuffled := newOrders(t), newOrders(t)
	rapid.Check(t, func(rt *rapid.T) {
		hosttest.Forget(t, inOrder.DB, shuffled.DB)
		ids, told, wants := []string{}, []event.Envelope{}, map[string]string{}
		for range rapid.IntRange(1, 2).Draw(rt, "orders") {
			id := placedIn(t, inOrder, shuffled)
			before := rapid.Bool().Draw(rt, "cancelled by the customer") && rapid.Bool().Draw(rt, "really")
			if before {
				inOrder.cancelled(t, id)
				shuffled.cancelled(t, id)
			}
			var of []event.Envelope
			for _, fact := range facts {
				if rapid.IntRange(0, 3).Draw(rt, fact.Type().Name) > 0 { // otherwise it has not arrived
					of = append(of, eventtest.New(t, id, about(fact, id))...)
				}
			}
			ids, told, wants[id] = append(ids, id), append(told, of...), wantedStatus(of, before)
		}
		for _, e := range told {
			if err := inOrder.handle(e); err != nil {
				rt.Fatal(err)
			}
		}
		for _, e := range eventtest.Shuffled(rt, told) {
			if err := shuffled.handle(e); err != nil {
				rt.Fatal(err)
			}
		}
		for _, id := range ids {
			want := inOrder.story(t, id)
			got := shuffled.story(t, id)
			if diff := cmp.Diff(want, got, unexported); diff != "" {
				rt.Errorf("(-in order +shuffled)\n%s", diff)
			}
			if got.Status != wants[id] {
				rt.Errorf("the status is %s, want %s", got.Status, wants[id])
			}
		}
		sent := func(o *orders) []string {
			found := names(hosttest.Published(t, o.DB))
			slices.Sort(found)
			return found
		}
		if diff := cmp.Diff(sent(inOrder), sent(shuffled)); diff != "" {
			rt.Errorf("published (-in order +shuffled)\n%s", diff)
		}
	})
}

// Workers of several subscriptions and processes use the database at the same time.
func TestEventsThatAreHandledAtOnceAreHandledOnce(t *testing.T) {
	t.Parallel()
	o := newOrders(t)
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var told []event.Envelope
	var ids []string
	for range 8 {
		id := placedIn(t, o)
		ids = append(ids, id)
		for _, fact := range facts {
			told = append(told, eventtest.New(t, id, about(fact, id))...)
		}
	}
	if err := eventtest.GiveAtOnce(ctx, o, told); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		got := o.story(t, id)
		var sent []string
		for _, e := range hosttest.PublishedIn(t, o.DB, id) {
			sent = append(sent, e.Metadata.EventType+" "+e.Metadata.Version)
		}
		want := []string{"OrderConfirmed v1", "OrderConfirmed v2", "OrderCancelled v1"}
		if diff := cmp.Diff(want, sent); diff != "" || got.Status != "cancelled" || len(got.Timeline) != len(facts)+2 {
			t.Errorf("the order is %s, its timeline %+v; published (-want +got)\n%s", got.Status, got.Timeline, diff)
		}
	}
}
