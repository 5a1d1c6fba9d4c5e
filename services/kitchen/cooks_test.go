package kitchen

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

const deadline = 20 * time.Second

func clockedIn(tb testing.TB, who string, at time.Time) event.Envelope {
	tb.Helper()
	return eventtest.One(tb, "staff-"+who, event.StaffMemberClockedIn{StaffMember: event.StaffMember{StaffMemberID: who, At: event.Moment{Time: at}}})
}

func clockedOut(tb testing.TB, who string, at time.Time) event.Envelope {
	tb.Helper()
	return eventtest.One(tb, "staff-"+who, event.StaffMemberClockedOut{StaffMember: event.StaffMember{StaffMemberID: who, At: event.Moment{Time: at}}})
}

func TestAKitchenStartsWithTwoCooks(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	if n, err := k.cooks.onDuty(t.Context()); err != nil || n != 2 {
		t.Errorf("%d cooks, %v", n, err)
	}
	restart(t, k)
	if n, err := k.cooks.onDuty(t.Context()); err != nil || n != 2 {
		t.Errorf("after a restart %d cooks, %v", n, err)
	}
}

func TestAKitchenWhoseCooksWentHomeStaysEmptyOverARestart(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	sendHome(t, k, "ada", "grace")
	restart(t, k)
	if n, err := k.cooks.onDuty(t.Context()); err != nil || n != 0 {
		t.Errorf("%d cooks, %v", n, err)
	}
}

// restart applies the schema, as the next start of the service does.
func restart(t *testing.T, k *kitchen) {
	t.Helper()
	if _, err := k.DB.ExecContext(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
}

// The lock is held longer than SQLite waits (busy_timeout, 5 s).
func TestAKitchenWhoseFileIsLockedWaitsForItAtTheStart(t *testing.T) {
	t.Parallel()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: Name, Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	path := filepath.Join(t.TempDir(), "kitchen.db")
	started := make(chan error, 1)
	start := func() {
		db, err := store.Open(ctx, "sqlite:"+path, Name, Service().Schema, tel)
		if err == nil {
			_, err = Service().New(&host.Host{Env: host.NewEnv(nil), Telemetry: tel, Log: tel.Log, DB: db})
			err = errors.Join(err, db.Close())
		}
		started <- err
	}
	start() // the tables exist: only the rows need the lock
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	go start()
	select {
	case err := <-started:
		t.Fatalf("it does not wait: %v", err)
	case <-time.After(6 * time.Second):
	}
	if _, err := other.ExecContext(ctx, `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Error(err)
	}
}

func sendHome(t *testing.T, k *kitchen, cooks ...string) {
	t.Helper()
	for _, who := range cooks {
		if err := eventtest.Handle(k, clockedOut(t, who, time.Now())); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLaterUseOfTheClockCountsInWhateverOrderEventsCome(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	var number atomic.Int64
	began := time.Now()
	rapid.Check(t, func(rt *rapid.T) {
		who := fmt.Sprint("cook-", number.Add(1))
		in := false
		var events []event.Envelope
		for i := range rapid.IntRange(1, 6).Draw(rt, "uses") {
			at := began.Add(time.Duration(i) * time.Minute)
			if in = rapid.Bool().Draw(rt, "in"); in {
				events = append(events, clockedIn(t, who, at))
			} else {
				events = append(events, clockedOut(t, who, at))
			}
		}
		for _, e := range eventtest.Shuffled(rt, events) {
			if err := eventtest.Handle(k, e); err != nil {
				rt.Fatal(err)
			}
		}
		var onDuty bool
		err := k.DB.QueryRowContext(context.Background(), `SELECT on_duty FROM cooks WHERE id = $1`, who).Scan(&onDuty)
		if err != nil || onDuty != in {
			rt.Errorf("on duty: %t, %v; want %t", onDuty, err, in)
		}
	})
}

func TestAsManyTicketsAreCookedAtOnceAsThereAreCooks(t *testing.T) {
	t.Parallel()
	for _, cooks := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(cooks, " cooks"), func(t *testing.T) {
			t.Parallel()
			k := fastKitchen(t)
			sendHome(t, k, "ada", "grace")
			for i := range cooks {
				if err := eventtest.Handle(k, clockedIn(t, fmt.Sprint("cook-", i), time.Now())); err != nil {
					t.Fatal(err)
				}
			}
			const tickets = 40
			var working, most atomic.Int64
			var all sync.WaitGroup
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			together := make(chan struct{}) // closed when all cooks work at once
			for range tickets {
				all.Go(func() {
					if err := k.cooks.Acquire(ctx); err != nil {
						t.Error(err)
						return
					}
					defer k.cooks.Release()
					n := working.Add(1)
					defer working.Add(-1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					if n == int64(cooks) && most.Load() == n {
						select {
						case <-together:
						default:
							closeOnce(together)
						}
					}
					select {
					case <-together:
					case <-ctx.Done():
						t.Error("the cooks never work all at once")
					}
				})
			}
			all.Wait()
			if got := most.Load(); got != int64(cooks) {
				t.Errorf("%d tickets at once, want %d", got, cooks)
			}
		})
	}
}

var closing sync.Mutex

func closeOnce(c chan struct{}) {
	closing.Lock()
	defer closing.Unlock()
	select {
	case <-c:
	default:
		close(c)
	}
}

func TestATicketWaitsForACookWhoComes(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	sendHome(t, k, "ada", "grace")
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := k.cooks.Acquire(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("an empty kitchen cooks: %v", err)
	}
	acquired := make(chan error, 1)
	ctx, stop := context.WithTimeout(t.Context(), deadline)
	defer stop()
	go func() { acquired <- k.cooks.Acquire(ctx) }()
	if err := eventtest.Handle(k, clockedIn(t, "linus", time.Now())); err != nil {
		t.Fatal(err)
	}
	if err := <-acquired; err != nil {
		t.Error(err)
	}
	k.cooks.Release()
}

// A cook who clocks out finishes the ticket first.
func TestACookWhoLeavesFinishesTheTicket(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	for range 2 {
		if err := k.cooks.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sendHome(t, k, "ada")
	k.cooks.Release()
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := k.cooks.Acquire(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second ticket of one cook: %v", err)
	}
	k.cooks.Release()
	if err := k.cooks.Acquire(t.Context()); err != nil {
		t.Error(err)
	}
	k.cooks.Release()
}

func TestTheListShowsCooksAndTickets(t *testing.T) {
	t.Parallel()
	k := fastKitchen(t)
	if err := eventtest.Handle(k, confirmedOrder(t, "o-1", "2")); err != nil {
		t.Fatal(err)
	}
	if err := eventtest.Handle(k, eventtest.One(t, "o-2", event.OrderCancelled{OrderID: "o-2", CustomerID: "c", Reason: "closed"})); err != nil {
		t.Fatal(err)
	}
	got := k.listed(t)
	if got.Cooks != 2 || len(got.Tickets) != 1 || got.Tickets[0].OrderID != "o-1" || got.Tickets[0].Status != "opened" {
		t.Errorf("got %+v", got)
	}
}

// kitchenView is the answer of GET /tickets.
type kitchenView struct {
	Cooks   int
	Tickets []ticketView
}

func (k *kitchen) listed(tb testing.TB) (got kitchenView) {
	tb.Helper()
	answer := httptest.NewRecorder()
	if err := k.list(answer, httptest.NewRequest(http.MethodGet, "/tickets", nil)); err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		tb.Fatal(err)
	}
	return got
}
