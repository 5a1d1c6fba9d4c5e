package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/failure"
)

// console stands for the console of a system: it has switches, and remembers their changes.
type console struct {
	mu      sync.Mutex
	active  map[failure.Key]*failure.Setting
	changes []string
	broken  bool
}

func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := failure.Key(strings.TrimPrefix(r.URL.Path, "/api/failures/"))
	switch {
	case c.broken && r.Method != http.MethodGet:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.Method == http.MethodGet:
		var all []failure.Status
		for _, entry := range failure.Catalogue() {
			all = append(all, entry.Status(c.active[entry.Key]))
		}
		_ = json.NewEncoder(w).Encode(all)
	case r.Method == http.MethodPut:
		setting := &failure.Setting{}
		_ = json.NewDecoder(r.Body).Decode(setting)
		c.active[key] = setting
		c.changes = append(c.changes, string(key)+"="+setting.Variant)
	default:
		delete(c.active, key)
		c.changes = append(c.changes, string(key)+"=")
	}
}

// recorder is a Show that keeps the details.
type recorder struct{ details []string }

func (*recorder) Begin(*Scenario)       {}
func (*recorder) Step(int, int, string) {}
func (r *recorder) Detail(text string)  { r.details = append(r.details, text) }
func (*recorder) Tree(Reading)          {}
func (*recorder) End(Result)            {}

func newRunner(t *testing.T, active map[failure.Key]*failure.Setting) (*Runner, *console, *recorder) {
	t.Helper()
	c := &console{active: active}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	said := &recorder{}
	return &Runner{Show: said, System: System{
		Switches: NewSwitches(server.URL), Control: none{}, Journal: filepath.Join(t.TempDir(), "state", "run.json"),
		Ready: func(context.Context) error { return nil },
	}}, c, said
}

func steps(steps ...Step) *Scenario { return &Scenario{Name: "test", Steps: steps} }

// What a system cannot do is refused before anything is touched.
func TestAScenarioThatStopsAPartIsRefusedWithoutAControl(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Scenario{
		"stop":  steps(Step{Set: "kitchen.slow"}, Step{Stop: "loyalty"}),
		"crash": steps(Step{Set: "kitchen.slow"}, Step{Order: "a", Failure: "kitchen.crash"}),
	} {
		r, c, _ := newRunner(t, map[failure.Key]*failure.Setting{})
		results, err := r.Run(t.Context(), s)
		if err != nil || !results[0].Refused || results[0].Passed || !strings.Contains(results[0].Error, "traceria all") {
			t.Errorf("%s: %+v, %v", name, results, err)
		}
		if len(c.changes) > 0 {
			t.Errorf("%s: it was refused after %v", name, c.changes)
		}
	}
}

// The switches of the user are off during the run and on again afterwards, in whichever way the run ends.
func TestSwitchesArePutBack(t *testing.T) {
	t.Parallel()
	slow := &failure.Setting{Variant: "10s"}
	before := map[failure.Key]*failure.Setting{failure.KitchenSlow: slow, failure.KitchenError: {Variant: "once", Customer: "someone"}}
	r, c, said := newRunner(t, map[failure.Key]*failure.Setting{failure.KitchenSlow: slow, failure.KitchenError: before[failure.KitchenError]})
	results, err := r.Run(t.Context(), steps(Step{Set: "trace.mode=link"}, Step{Settle: "an order that does not exist"}))
	if err != nil || results[0].Passed || results[0].Refused {
		t.Fatalf("%+v, %v", results, err)
	}
	if diff := cmp.Diff(before, c.active); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(c.changes, "kitchen.slow=") || !slices.Contains(c.changes, "trace.mode=link") || slices.Contains(c.changes, "kitchen.error=") {
		t.Errorf("the changes are %q", c.changes)
	}
	if !slices.Contains(said.details, "kitchen.slow is 10s; it is off during the run") {
		t.Errorf("it says %q", said.details)
	}
	if _, err := os.Stat(r.System.Journal); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is left: %v", err)
	}
}

// A run that cannot put a switch back leaves its journal, and the next run repairs it.
func TestTheNextRunRepairsWhatIsLeft(t *testing.T) {
	t.Parallel()
	r, c, said := newRunner(t, map[failure.Key]*failure.Setting{})
	ctx, cancel := context.WithCancel(t.Context())
	broken := steps(Step{Set: "trace.mode=link"}, Step{Note: "x"})
	r.System.Ready = func(context.Context) error { return nil }
	r.Show = &breaker{recorder: said, do: func() { c.mu.Lock(); c.broken = true; c.mu.Unlock(); cancel() }}
	if results, err := r.Run(ctx, broken); err == nil || results[0].Passed || !strings.Contains(results[0].Error, "the next run tries again") {
		t.Fatalf("%+v, %v", results, err)
	}
	c.broken = false
	r.Show = said
	results, err := r.Run(t.Context(), steps(Step{Note: "x"}))
	if err != nil || !results[0].Passed {
		t.Fatalf("%+v, %v", results, err)
	}
	if len(c.active) > 0 {
		t.Errorf("still on: %v", c.active)
	}
	if !slices.ContainsFunc(said.details, func(text string) bool { return strings.Contains(text, "did not end; its changes are put back") }) {
		t.Errorf("it says %q", said.details)
	}
}

// breaker breaks something at the second step.
type breaker struct {
	*recorder
	do func()
}

func (b *breaker) Step(number, _ int, _ string) {
	if number == 2 {
		b.do()
	}
}

func TestTwoRunsAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	r, _, _ := newRunner(t, map[failure.Key]*failure.Setting{})
	unlock, err := lock(r.System.Journal)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := r.Run(t.Context(), steps(Step{Note: "x"})); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

func TestARuleWrittenByHandIsNotTouched(t *testing.T) {
	t.Parallel()
	r, c, _ := newRunner(t, map[failure.Key]*failure.Setting{failure.KitchenSlow: {Variant: failure.Custom}})
	results, err := r.Run(t.Context(), steps(Step{Note: "x"}))
	if err != nil || !results[0].Refused || !strings.Contains(results[0].Error, "traceria failure clear kitchen.slow") || len(c.changes) > 0 {
		t.Errorf("%+v, %v, %v", results, err, c.changes)
	}
}

func TestABrokenJournalIsNamed(t *testing.T) {
	t.Parallel()
	r, _, _ := newRunner(t, map[failure.Key]*failure.Setting{})
	if err := os.MkdirAll(filepath.Dir(r.System.Journal), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.System.Journal, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), steps(Step{Note: "x"})); err == nil || !strings.Contains(err.Error(), r.System.Journal) {
		t.Error(err)
	}
}

// parts is a Control that remembers what is stopped.
type parts struct {
	none
	stopped map[string]bool
}

func (parts) Can(context.Context, string) error            { return nil }
func (p parts) Stop(_ context.Context, part string) error  { p.stopped[part] = true; return nil }
func (p parts) Start(_ context.Context, part string) error { delete(p.stopped, part); return nil }

// A stopped part is started at the end, and a run that has started it itself leaves no journal: the next run has nothing to repair.
func TestStoppedPartsAreStartedAgain(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Scenario{
		"by the run": steps(Step{Stop: "collector"}, Step{Start: "collector"}),
		"at the end": steps(Step{Stop: "collector"}, Step{Note: "x"}),
	} {
		r, _, said := newRunner(t, map[failure.Key]*failure.Setting{})
		control := parts{stopped: map[string]bool{}}
		r.System.Control = control
		for range 2 {
			results, err := r.Run(t.Context(), s)
			if err != nil || !results[0].Passed || len(control.stopped) > 0 {
				t.Errorf("%s: %+v, %v, stopped %v", name, results, err, control.stopped)
			}
		}
		if slices.ContainsFunc(said.details, func(text string) bool { return strings.Contains(text, "did not end") }) {
			t.Errorf("%s: it says %q", name, said.details)
		}
	}
}
