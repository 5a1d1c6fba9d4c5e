package loyalty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
	"traceria/services/host/hosttest"
)

func newPoints(tb testing.TB) *points {
	h := hosttest.New(tb, Service(), nil)
	return &points{Host: h, total: newTotal(h.Telemetry)}
}

func orderOf(id, customer string) event.OrderConfirmed {
	return event.OrderConfirmed{
		OrderID: id, OrderNumber: "ORD1", CustomerID: customer, DeliveryAddressID: "a-1",
		Items: []event.Item{{ItemName: "Margherita", Quantity: "3"}},
	}
}

func confirmedOrder(tb testing.TB, id, customer string, pence int64) event.Envelope {
	tb.Helper()
	v1, _ := eventtest.Confirmed(tb, orderOf(id, customer), pence)
	return v1
}

func cancelledOrder(tb testing.TB, id, customer string) event.Envelope {
	tb.Helper()
	return eventtest.One(tb, id, event.OrderCancelled{OrderID: id, CustomerID: customer, Reason: "changed my mind"})
}

type account struct {
	CustomerID string
	Points     int
	History    []entry
}

func (p *points) account(tb testing.TB, customer string) account {
	tb.Helper()
	req := httptest.NewRequest(http.MethodGet, "/loyalty/"+customer, nil)
	req.SetPathValue("customerId", customer)
	answer := httptest.NewRecorder()
	if err := p.get(answer, req); err != nil {
		tb.Fatal(err)
	}
	var read account
	if err := json.Unmarshal(answer.Body.Bytes(), &read); err != nil {
		tb.Fatal(err)
	}
	return read
}

func TestAnOrderEarnsAPointForEachWholePound(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		hosttest.Forget(t, p.DB)
		id := fmt.Sprint("o-", number.Add(1))
		pence := rapid.Int64Range(0, 1e12).Draw(rt, "pence")
		for _, e := range eventtest.Shuffled(rt, []event.Envelope{confirmedOrder(t, id, id, pence)}) {
			if err := eventtest.Handle(p, e); err != nil {
				rt.Fatal(err)
			}
		}
		if got := p.account(t, id); got.Points != int(pence/100) {
			rt.Errorf("%d pence earn %d points", pence, got.Points)
		}
		sent := hosttest.PublishedIn(t, p.DB, id)
		if len(sent) != 1 {
			rt.Fatalf("published %v", eventtest.Names(sent))
		}
		want := event.LoyaltyPointsEarned{LoyaltyPoints: event.LoyaltyPoints{OrderID: id, CustomerID: id, Points: event.Whole(pence / 100)}}
		if got, err := event.Data[event.LoyaltyPointsEarned](sent[0]); err != nil || got != want {
			rt.Errorf("published %+v, %v; want %+v", got, err, want)
		}
	})
}

// Answers and published events depend on the set of known facts, not on their order of arrival or their repetition.
func TestTheSameFactsAreTheSamePointsInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	inOrder, shuffled := newPoints(t), newPoints(t)
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		hosttest.Forget(t, inOrder.DB, shuffled.DB)
		customer := fmt.Sprint("c-", number.Add(1))
		told, ids, total := []event.Envelope{}, []string{}, 0
		for range rapid.IntRange(1, 4).Draw(rt, "orders") {
			id := fmt.Sprint("o-", number.Add(1))
			of, points := drawOrder(rt, t, id, customer)
			ids, told, total = append(ids, id), append(told, of...), total+points
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
		got := shuffled.account(t, customer)
		if diff := cmp.Diff(inOrder.account(t, customer), got); diff != "" {
			rt.Errorf("(-in order +shuffled)\n%s", diff)
		}
		if got.Points != total {
			rt.Errorf("%d points, want %d", got.Points, total)
		}
		for _, id := range ids {
			want, sent := said(t, inOrder, id), said(t, shuffled, id)
			if diff := cmp.Diff(want, sent); diff != "" {
				rt.Errorf("published (-in order +shuffled)\n%s", diff)
			}
		}
	})
}

// drawOrder draws the events of an order for loyalty, in their usual order, and the expected points.
func drawOrder(t *rapid.T, tb testing.TB, id, customer string) (told []event.Envelope, points int) {
	if rapid.IntRange(0, 4).Draw(t, "confirmed") > 0 { // otherwise it has not arrived
		pence := rapid.Int64Range(0, 1e6).Draw(t, "pence")
		v1, v2 := eventtest.Confirmed(tb, orderOf(id, customer), pence)
		told, points = append(told, v1), int(pence/100)
		if rapid.Bool().Draw(t, "in both forms") {
			told = append(told, v2)
		}
	}
	if rapid.Bool().Draw(t, "cancelled") {
		told, points = append(told, cancelledOrder(tb, id, customer)), 0
	}
	return told, points
}

// said returns the published events of an order, with their data.
func said(tb testing.TB, p *points, id string) []string {
	tb.Helper()
	found := []string{}
	for _, e := range hosttest.PublishedIn(tb, p.DB, id) {
		found = append(found, e.Metadata.EventType+" "+string(e.Data))
	}
	return found
}

func TestACancelledOrdersPointsAreTakenBack(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]int{"confirmed first": 0, "cancelled first": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPoints(t)
			events := []event.Envelope{confirmedOrder(t, "o-1", "c-1", 1989), cancelledOrder(t, "o-1", "c-1")}
			for _, e := range []event.Envelope{events[first], events[1-first]} {
				if duplicate, err := eventtest.Give(t.Context(), p, e); err != nil || duplicate {
					t.Fatalf("duplicate %t, %v", duplicate, err)
				}
			}
			want := []string{
				`LoyaltyPointsEarned {"orderId":"o-1","customerId":"c-1","points":19}`,
				`LoyaltyPointsReversed {"orderId":"o-1","customerId":"c-1","points":19}`,
			}
			if diff := cmp.Diff(want, said(t, p, "o-1")); diff != "" {
				t.Errorf("published (-want +got)\n%s", diff)
			}
			got := p.account(t, "c-1")
			var history []string
			for _, line := range got.History {
				history = append(history, fmt.Sprint(line.Event, " ", line.Points))
			}
			if diff := cmp.Diff([]string{"LoyaltyPointsEarned 19", "LoyaltyPointsReversed -19"}, history); diff != "" || got.Points != 0 {
				t.Errorf("%d points (-want +got)\n%s", got.Points, diff)
			}
		})
	}
}

// Workers of several subscriptions and processes use the database at the same time.
func TestEventsThatAreHandledAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var told []event.Envelope
	for i := range 10 {
		id := fmt.Sprint("o-", i)
		told = append(told, confirmedOrder(t, id, "c-1", 1000))
		if i%2 == 0 {
			told = append(told, cancelledOrder(t, id, "c-1"))
		}
	}
	if err := eventtest.GiveAtOnce(ctx, p, told); err != nil {
		t.Fatal(err)
	}
	if got := p.account(t, "c-1"); got.Points != 50 || len(got.History) != 15 {
		t.Errorf("got %+v", got)
	}
	if sent := hosttest.Published(t, p.DB); len(sent) != 15 {
		t.Errorf("published %v", eventtest.Names(sent))
	}
}

// The points belong to the customer of the confirmation, even if a cancellation with another customer arrived first.
func TestPointsBelongToWhomTheConfirmationNames(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	for _, e := range []event.Envelope{cancelledOrder(t, "o-1", "c-2"), confirmedOrder(t, "o-1", "c-1", 1989)} {
		if err := eventtest.Handle(p, e); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.account(t, "c-1"); got.Points != 0 || len(got.History) != 2 {
		t.Errorf("c-1 has %+v", got)
	}
	if got := p.account(t, "c-2"); len(got.History) != 0 {
		t.Errorf("c-2 has %+v", got)
	}
}

func TestTheHistoryIsInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	events := []event.Envelope{
		confirmedOrder(t, "o-1", "c-1", 1000), confirmedOrder(t, "o-2", "c-1", 2000), cancelledOrder(t, "o-1", "c-1"),
	}
	began := time.Now()
	for i := range events {
		events[i].Metadata.EventDate.Time = began.Add(time.Duration(i) * time.Second)
	}
	for _, i := range []int{2, 0, 1} {
		if err := eventtest.Handle(p, events[i]); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for i, line := range p.account(t, "c-1").History {
		got = append(got, fmt.Sprint(line.OrderID, " ", line.Points))
		if !line.At.Equal(events[i].Metadata.EventDate.Time) {
			t.Errorf("%s at %s, want the date of the event", line.Event, line.At)
		}
	}
	if diff := cmp.Diff([]string{"o-1 10", "o-2 20", "o-1 -10"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestANameThatNoCustomerHasIsRefused(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	for _, customer := range []string{"a\x00b", "\xff", "a\nb"} {
		req := httptest.NewRequest(http.MethodGet, "/loyalty/x", nil)
		req.SetPathValue("customerId", customer)
		var problem *host.Problem
		if err := p.get(httptest.NewRecorder(), req); !errors.As(err, &problem) || problem.Field != "customerId" {
			t.Errorf("%q: got %v", customer, err)
		}
	}
}

func TestAnOrderThatWasNeverConfirmedTakesNothingBack(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	if err := eventtest.Handle(p, cancelledOrder(t, "o-1", "c-1")); err != nil {
		t.Fatal(err)
	}
	if sent := hosttest.PublishedIn(t, p.DB, "o-1"); len(sent) != 0 {
		t.Errorf("published %v", eventtest.Names(sent))
	}
	if got := p.account(t, "c-1"); got.Points != 0 || len(got.History) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestACustomersPointsAddUp(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	for _, e := range []event.Envelope{
		confirmedOrder(t, "o-1", "c-1", 1000), confirmedOrder(t, "o-2", "c-1", 2000),
		confirmedOrder(t, "o-3", "c-2", 4000), confirmedOrder(t, "o-4", "c-1", 8000), cancelledOrder(t, "o-4", "c-1"),
	} {
		if err := eventtest.Handle(p, e); err != nil {
			t.Fatal(err)
		}
	}
	for customer, want := range map[string]int{"c-1": 30, "c-2": 40, "nobody": 0} {
		if got := p.account(t, customer); got.Points != want || got.CustomerID != customer {
			t.Errorf("%s has %+v, want %d", customer, got, want)
		}
	}
}

func TestAnUnreadableEventCanNeverSucceed(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	eventtest.RefusesUnreadable(t, p)
	if err := eventtest.Handle(p, confirmedOrder(t, "o-1", "", 100)); err == nil {
		t.Error("an order without a customer earns points")
	}
}
