package loyalty

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
)

func newPoints(tb testing.TB) *points { return &points{newHost(tb, nil)} }

func confirmedOrder(tb testing.TB, id, customer string, pence int64) event.Envelope {
	tb.Helper()
	value := event.Pence(pence)
	return envelope(tb, id, event.OrderConfirmedNumber{
		OrderConfirmed: event.OrderConfirmed{
			OrderID: id, OrderNumber: "ORD1", CustomerID: customer, DeliveryAddressID: "a-1",
			Items: []event.Item{{ItemName: "Margherita", Quantity: "3"}},
		},
		OrderValue: &value,
	})
}

func cancelledOrder(tb testing.TB, id, customer string) event.Envelope {
	tb.Helper()
	return envelope(tb, id, event.OrderCancelled{OrderID: id, CustomerID: customer, Reason: "changed my mind"})
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
		id := fmt.Sprint("o-", number.Add(1))
		pence := rapid.Int64Range(0, 1e12).Draw(rt, "pence")
		for _, e := range shuffled(rt, confirmedOrder(t, id, id, pence)) {
			if err := handle(p, e); err != nil {
				rt.Fatal(err)
			}
		}
		if got := p.account(t, id); got.Points != int(pence/100) {
			rt.Errorf("%d pence earn %d points", pence, got.Points)
		}
		sent := published(t, p.DB, id)
		if len(sent) != 1 {
			rt.Fatalf("published %v", names(sent))
		}
		want := event.LoyaltyPointsEarned{LoyaltyPoints: event.LoyaltyPoints{OrderID: id, CustomerID: id, Points: int(pence / 100)}}
		if got, err := event.Data[event.LoyaltyPointsEarned](sent[0]); err != nil || got != want {
			rt.Errorf("published %+v, %v; want %+v", got, err, want)
		}
	})
}

func TestACancelledOrdersPointsAreTakenBackOnceInWhateverOrderEventsCome(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	var number atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		id := fmt.Sprint("o-", number.Add(1))
		for _, e := range shuffled(rt, confirmedOrder(t, id, id, 1989), cancelledOrder(t, id, id)) {
			if err := handle(p, e); err != nil {
				rt.Fatal(err)
			}
		}
		sent := published(t, p.DB, id)
		if diff := cmp.Diff([]string{"LoyaltyPointsEarned", "LoyaltyPointsReversed"}, names(sent)); diff != "" {
			rt.Fatalf("(-want +got)\n%s", diff)
		}
		want := event.LoyaltyPointsReversed{LoyaltyPoints: event.LoyaltyPoints{OrderID: id, CustomerID: id, Points: 19}}
		if got, err := event.Data[event.LoyaltyPointsReversed](sent[1]); err != nil || got != want {
			rt.Errorf("the second event is %+v, %v; want %+v", got, err, want)
		}
		got := p.account(t, id)
		var history []string
		for _, line := range got.History {
			history = append(history, fmt.Sprint(line.Event, " ", line.Points))
		}
		if diff := cmp.Diff([]string{"LoyaltyPointsEarned 19", "LoyaltyPointsReversed -19"}, history); diff != "" || got.Points != 0 {
			rt.Errorf("%d points (-want +got)\n%s", got.Points, diff)
		}
	})
}

func TestAnOrderThatWasNeverConfirmedTakesNothingBack(t *testing.T) {
	t.Parallel()
	p := newPoints(t)
	if err := handle(p, cancelledOrder(t, "o-1", "c-1")); err != nil {
		t.Fatal(err)
	}
	if sent := published(t, p.DB, "o-1"); len(sent) != 0 {
		t.Errorf("published %v", names(sent))
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
		if err := handle(p, e); err != nil {
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
	refusesUnreadable(t, p)
	if err := handle(p, confirmedOrder(t, "o-1", "", 100)); err == nil {
		t.Error("an order without a customer earns points")
	}
}
