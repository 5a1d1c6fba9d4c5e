package pace_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"traceria/services/load/pace"
)

// The orders of each profile add up, their times only grow, and none is later than the plan.
func TestProfilesHaveTheirCourse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		plan  pace.Plan
		count int
		// early is the number of requests in the first fifth of the time.
		early int
	}{
		{pace.Plan{Rate: 10, Duration: 50 * time.Second}, 500, 100},
		{pace.Plan{Profile: pace.Steady, Rate: 0.1, Duration: 30 * time.Second}, 3, 1},
		{pace.Plan{Rate: 0.1, Duration: time.Second}, 1, 1},
		{pace.Plan{Profile: pace.Ramp, Rate: 10, Duration: 50 * time.Second}, 250, 10},
		{pace.Plan{Profile: pace.Burst, Rate: 10, Duration: 50 * time.Second}, 500, 100},
		{pace.Plan{Profile: pace.Burst, Rate: 10, Duration: 15 * time.Second}, 150, 100},
		{pace.Plan{Profile: pace.Burst, Rate: 0.3, Duration: 60 * time.Second}, 18, 6},
	} {
		if n := test.plan.Count(); n != test.count {
			t.Errorf("%+v has %d requests, want %d", test.plan, n, test.count)
		}
		var before time.Duration
		early := 0
		for n := range test.plan.Count() {
			at := test.plan.At(n)
			if at < before || at > test.plan.Duration {
				t.Fatalf("%+v: request %d is at %s, the one before at %s", test.plan, n, at, before)
			}
			if before = at; at < test.plan.Duration/5 {
				early++
			}
		}
		if early != test.early {
			t.Errorf("%+v: %d requests in the first fifth, want %d", test.plan, early, test.early)
		}
	}
}

// A burst sends ten times the rate for a second and then nothing.
func TestABurstIsSilentAfterItsSecond(t *testing.T) {
	t.Parallel()
	plan := pace.Plan{Profile: pace.Burst, Rate: 5, Duration: 30 * time.Second}
	for n := range plan.Count() {
		if in := plan.At(n) % (10 * time.Second); in >= time.Second {
			t.Errorf("request %d is at %s of its burst", n, in)
		}
	}
}

func TestTheWarmUpIsSteadyAndComesBefore(t *testing.T) {
	t.Parallel()
	plan := pace.Plan{Profile: pace.Ramp, Rate: 10, Duration: 10 * time.Second, WarmUp: 2 * time.Second}
	if plan.WarmUps() != 20 || plan.Count() != 70 {
		t.Errorf("%d of %d requests are warm-up", plan.WarmUps(), plan.Count())
	}
	if plan.At(19) != 1900*time.Millisecond || plan.At(20) != 2*time.Second {
		t.Errorf("the warm-up ends at %s, and the plan begins at %s", plan.At(19), plan.At(20))
	}
}

func TestAProfileIsParsedByItsName(t *testing.T) {
	t.Parallel()
	for _, want := range pace.Profiles {
		if got, err := pace.ParseProfile(string(want)); got != want || err != nil {
			t.Errorf("%s: %s, %v", want, got, err)
		}
	}
	if _, err := pace.ParseProfile("Steady"); err == nil || err.Error() != `profile "Steady": want steady, ramp, burst` {
		t.Errorf("got %v", err)
	}
}

// log remembers what a sender did.
type log struct {
	mu           sync.Mutex
	sent, unsent []int
	late         time.Duration // the longest time between the plan and the send
}

// run sends a plan whose requests take a time, and returns what was done and how long that took.
func run(ctx context.Context, s pace.Sender, p pace.Plan, takes time.Duration) (*log, time.Duration) {
	l := &log{}
	s.Send = func(n int, intended time.Time) {
		l.mu.Lock()
		l.sent, l.late = append(l.sent, n), max(l.late, time.Since(intended))
		l.mu.Unlock()
		time.Sleep(takes)
	}
	s.Unsent = func(n int, _ time.Time) { l.unsent = append(l.unsent, n) }
	began := time.Now()
	s.Run(ctx, p)
	return l, time.Since(began)
}

// The rate does not depend on the time of the answers.
func TestTheLoopIsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, took := run(t.Context(), pace.Sender{InFlight: 100}, pace.Plan{Rate: 10, Duration: 5 * time.Second}, 8*time.Second)
		if len(l.sent) != 50 || l.late != 0 || len(l.unsent) != 0 {
			t.Errorf("%d sent, %v not sent, %s late", len(l.sent), l.unsent, l.late)
		}
		if took != 4900*time.Millisecond+8*time.Second { // the last one is sent at 4.9 s
			t.Errorf("the answers came after %s", took)
		}
	})
}

// Without room a request waits, and its latency counts from the plan. After its patience it is left out.
func TestWhatCannotBeSentInTimeIsLeftOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// One request at a time, each takes 1 s: half of two a second can be sent.
		l, _ := run(t.Context(), pace.Sender{InFlight: 1, Patience: 900 * time.Millisecond}, pace.Plan{Rate: 2, Duration: 10 * time.Second}, time.Second)
		if len(l.sent)+len(l.unsent) != 20 || len(l.unsent) < 8 || len(l.unsent) > 10 || l.late != 500*time.Millisecond {
			t.Errorf("sent %v, left out %v, at most %s late", l.sent, l.unsent, l.late)
		}
		impatient, _ := run(t.Context(), pace.Sender{InFlight: 1}, pace.Plan{Rate: 2, Duration: 10 * time.Second}, 1100*time.Millisecond)
		if impatient.late != 0 || len(impatient.unsent) != 13 {
			t.Errorf("without patience: sent %v, left out %v, %s late", impatient.sent, impatient.unsent, impatient.late)
		}
	})
}

// The end of the context ends the sending. Requests that are on their way are waited for.
func TestTheEndOfTheContextEndsTheSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
		defer cancel()
		l, took := run(ctx, pace.Sender{InFlight: 100}, pace.Plan{Rate: 10, Duration: time.Hour}, 3*time.Second)
		if !slices.Equal(l.sent, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) || took != 4*time.Second {
			t.Errorf("sent %v in %s", l.sent, took)
		}
		full, ended := context.WithTimeout(t.Context(), 2*time.Second)
		defer ended()
		l, took = run(full, pace.Sender{InFlight: 1, Patience: time.Hour}, pace.Plan{Rate: 10, Duration: time.Hour}, 3*time.Second)
		if len(l.sent) != 1 || len(l.unsent) != 0 || took != 3*time.Second {
			t.Errorf("sent %v, left out %v in %s", l.sent, l.unsent, took)
		}
	})
}
