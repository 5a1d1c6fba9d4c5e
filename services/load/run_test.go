package load_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/load"
)

func TestALoadReportsWhatBecameOfItsOrders(t *testing.T) {
	t.Parallel()
	s := &shop{delivery: 700 * time.Millisecond}
	o := open(t, s)
	var told atomic.Int64
	o.Failure = "kitchen.slow"
	o.Progress = func(p load.Progress) {
		if p.Whole == 2*time.Second && p.Placed <= p.Offered && p.Delivered <= p.Placed {
			told.Add(1)
		}
	}
	dropped := int64(3)
	o.Dropped = func(context.Context) []load.Dropped {
		dropped += 4
		return []load.Dropped{{Part: "kitchen", Spans: dropped}, {Part: "order", Unknown: "away"}}
	}
	r, err := load.Run(t.Context(), o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if r.Offered != 40 || r.Placed != 40 || r.Delivered != 40 || r.NotEnded() != 0 || r.Doubled.Orders != 0 || len(r.Refused) != 0 || r.Interrupted {
		t.Errorf("got %+v", r)
	}
	if r.PlacedRate < 10 || r.PlacedRate > 25 || r.DeliveredRate < 10 || r.DeliveredRate > 25 {
		t.Errorf("%g orders a second were placed and %g delivered, want about 20", r.PlacedRate, r.DeliveredRate)
	}
	if got := time.Duration(r.Delivery.P50); got < 700*time.Millisecond || got > 3*time.Second {
		t.Errorf("an order takes %s", got)
	}
	if want := []load.Dropped{{Part: "kitchen", Spans: 4}, {Part: "order", Unknown: "away"}}; !reflect.DeepEqual(r.Dropped, want) {
		t.Errorf("dropped %+v, want %+v", r.Dropped, want)
	}
	if told.Load() < 3 || s.failures["kitchen.slow"] != 40 || s.reads > 20 {
		t.Errorf("%d reports of progress, failures %v, %d reads for 40 orders", told.Load(), s.failures, s.reads)
	}
	text, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(text), `"durationMs":2000,`) || !strings.Contains(string(text), fmt.Sprintf(`"delivery":{"p50Ms":%d`, time.Duration(r.Delivery.P50).Milliseconds())) || strings.Contains(string(text), "null") {
		t.Errorf("%v: %s", err, text)
	}
}

// An order that does not end within the wait, or whose points do not come, is named with its fate. So is one that is delivered twice.
func TestUnfinishedAndDoubledOrdersAreNamed(t *testing.T) {
	t.Parallel()
	ends := map[int]string{3: "confirmed", 4: "boxed", 9: "cancelled", 11: "confirmed", 12: "confirmed"}
	var searched atomic.Bool
	o := open(t, &shop{fate: func(n int) (string, string, string) {
		switch {
		case n == 5:
			return "delivered", "LoyaltyPointsEarned", ""
		case n == 7:
			return "delivered", "", "OrderDelivered"
		case n == 12 && searched.Load() || ends[n] == "":
			return "delivered", "", ""
		default:
			return ends[n], "", ""
		}
	}})
	fates := map[string]load.Fate{"o-3": load.Lost, "o-4": load.Late, "o-5": load.Dead, "o-11": load.Unknown, "o-12": load.Lost}
	o.Wait = time.Second
	o.Find = func(_ context.Context, id string, _ string) load.Whereabouts {
		searched.Store(true)
		return load.Whereabouts{Fate: fates[id], Where: "place of " + id}
	}
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Placed != 40 || r.Delivered != 34 || r.Cancelled != 1 || r.NotEnded() != 5 || r.Doubled.Orders != 1 {
		t.Errorf("got %+v", r)
	}
	one := func(id, state, where string) load.UnfinishedOrder {
		return load.UnfinishedOrder{OrderID: "o-" + id, OrderNumber: "ORD" + id, State: state, Where: where}
	}
	for fate, want := range map[load.Fate]load.Unfinished{
		// The last one has been delivered since.
		load.Late: {
			Orders: 2, States: []load.Count{{"boxed", 1}, {"confirmed", 1}},
			First: []load.UnfinishedOrder{one("4", "boxed", "place of o-4"), one("12", "confirmed", "it ended after the wait")},
		},
		load.Dead: {
			Orders: 1, States: []load.Count{{"delivered without points", 1}},
			First: []load.UnfinishedOrder{one("5", "delivered without points", "place of o-5")},
		},
		load.Lost:    {Orders: 1, States: []load.Count{{"confirmed", 1}}, First: []load.UnfinishedOrder{one("3", "confirmed", "place of o-3")}},
		load.Unknown: {Orders: 1, States: []load.Count{{"confirmed", 1}}, First: []load.UnfinishedOrder{one("11", "confirmed", "place of o-11")}},
	} {
		if got := *r.Unfinished(fate); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", fate, got, want)
		}
	}
	if want := []load.Double{{"o-7", "ORD7", []string{"OrderDelivered from x, 2 times"}}}; !reflect.DeepEqual(r.Doubled.First, want) {
		t.Errorf("doubled %+v", r.Doubled.First)
	}
	if err := r.Err(); err == nil || err.Error() != "of 40 orders 2 late, 1 dead, 1 lost, 1 unknown, 1 doubled" {
		t.Errorf("the error is %v", err)
	}
}

func TestRefusalsAreCountedByReason(t *testing.T) {
	t.Parallel()
	o := open(t, &shop{refuse: func(n int) int {
		if n%4 == 0 {
			return http.StatusServiceUnavailable
		}
		return 0
	}})
	r, err := load.Run(t.Context(), o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if want := []load.Count{{"503 Closed", 10}}; !reflect.DeepEqual(r.Refused, want) || r.Placed != 30 || r.Offered != 40 {
		t.Errorf("%d of %d placed, refused %+v", r.Placed, r.Offered, r.Refused)
	}
	none, err := load.Run(t.Context(), open(t, &shop{refuse: func(int) int { return http.StatusTeapot }}))
	if err != nil || !errors.Is(none.Err(), load.ErrNonePlaced) || !strings.Contains(none.Err().Error(), "418 Closed") {
		t.Errorf("got %v, %v", err, none.Err())
	}
}

// The times count from when an order should have been sent. A server that takes one request in 200 ms makes those wait that come
// in between, and the report shows it.
func TestTimesCountFromThePlan(t *testing.T) {
	t.Parallel()
	o := open(t, &shop{answer: 200 * time.Millisecond})
	o.InFlight = 1
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Unsent == 0 || r.SentLate == 0 || r.Offered != 40 || r.Placed+r.Unsent != 40 {
		t.Errorf("%d of %d placed, %d not sent, %d late", r.Placed, r.Offered, r.Unsent, r.SentLate)
	}
	if got := time.Duration(r.Answer.P95); got < 900*time.Millisecond {
		t.Errorf("an answer takes %s only, although the orders wait for each other", got)
	}
}

func TestTheWarmUpIsInNoFigure(t *testing.T) {
	t.Parallel()
	o := open(t, &shop{fate: func(n int) (string, string, string) {
		if n == 1 {
			return "boxed", "", ""
		}
		return "delivered", "", ""
	}})
	o.WarmUp, o.Duration, o.Wait = time.Second, time.Second, time.Second
	r, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Offered != 20 || r.Placed != 20 || r.Delivered != 20 || r.Unknown.Orders != 1 || r.Err() == nil {
		t.Errorf("got %+v", r)
	}
}

// The end of the context ends the sending. What is under way is not searched for.
func TestAnInterruptedLoadReportsWhatItHas(t *testing.T) {
	t.Parallel()
	o := open(t, &shop{delivery: time.Hour})
	o.Duration, o.Wait = time.Hour, load.MostWait
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	r, err := load.Run(ctx, o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if !r.Interrupted || r.Placed == 0 || r.UnderWay != r.Placed || r.NotEnded() != 0 {
		t.Errorf("got %+v", r)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Orders that are not awaited any more are not searched for either.
func TestALoadThatIsInterruptedWhileItWaitsLosesNothing(t *testing.T) {
	t.Parallel()
	o := open(t, &shop{delivery: time.Hour})
	o.Duration, o.Wait = time.Second, load.MostWait
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Progress = func(p load.Progress) {
		if p.Phase == load.Waiting {
			cancel()
		}
	}
	r, err := load.Run(ctx, o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if !r.Interrupted || r.Placed != 20 || r.UnderWay != 20 || r.NotEnded() != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestALoadNeedsTheOrderService(t *testing.T) {
	t.Parallel()
	server := open(t, &shop{})
	server.Rate = 0
	if _, err := load.Run(t.Context(), server); err == nil {
		t.Error("a load without a rate runs")
	}
	away := open(t, &shop{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load.Run(ctx, away); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestOptionsOutOfBoundsAreRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*load.Options){
		"rate 0: want 0.1 to 2000":               func(o *load.Options) { o.Rate = 0 },
		"rate 2001: want":                        func(o *load.Options) { o.Rate = 2001 },
		"duration 500ms: want 1s to 2h0m0s":      func(o *load.Options) { o.Duration = 500 * time.Millisecond },
		"duration 3h0m0s: want":                  func(o *load.Options) { o.Duration = 3 * time.Hour },
		"warm-up -1s: want 0s to 10m0s":          func(o *load.Options) { o.WarmUp = -time.Second },
		"wait 1ms: want 1s to 10m0s":             func(o *load.Options) { o.Wait = time.Millisecond },
		"in-flight -1: want 1 to 5000":           func(o *load.Options) { o.InFlight = -1 },
		"sample -2: want 0 or more":              func(o *load.Options) { o.Sample = -2 },
		`profile "wild": want steady, ramp, bur`: func(o *load.Options) { o.Profile = "wild" },
		"customer \"a\\nb\":":                    func(o *load.Options) { o.Customer = "a\nb" },
		"3600000 orders: want at most 500000":    func(o *load.Options) { o.Rate, o.Duration = 1000, time.Hour },
	} {
		o := load.Options{Rate: 10, Duration: time.Minute, Sample: load.All}
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if err := o.Check(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
