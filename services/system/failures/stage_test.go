package failures

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/system/systemtest"
)

// stage is the whole system as `make up` runs it: a supervised process per service, a process for the topology, and one
// flag file. The tests of all keys share it.
type stage struct {
	*systemtest.Pizzeria
	flags     failure.File
	jaegerURL string
	// told has the names of the gaps that were looked for.
	told map[string]bool
}

func newStage(t *testing.T) *stage {
	t.Helper()
	w := systemtest.StartWorld(t)
	st := &stage{told: map[string]bool{}}
	st.Pizzeria = w.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		for _, variable := range p.Env {
			if value, found := strings.CutPrefix(variable, "JAEGER_URL="); found {
				st.jaegerURL = value
			}
		}
		st.flags = failure.File{Path: filepath.Join(p.Data, "flags.json")}
		p.WatchTopology(t)
		// Cooking and driving take longer than the concurrent work of other services, so each tree has one shape.
		p.More["kitchen"] = []string{"KITCHEN_COOKING_TIME=250ms"}
		p.More["delivery"] = []string{"DELIVERY_DRIVING_TIME=50ms"}
	})
	return st
}

// run runs one test. Afterwards everything is off and every queue is empty.
func (st *stage) run(t *testing.T, test func(*testing.T, *stage)) {
	t.Helper()
	t.Cleanup(func() {
		all, err := st.flags.List()
		if err != nil {
			t.Error(err)
		}
		if slices.ContainsFunc(all, func(s failure.Status) bool { return s.Active != nil }) {
			st.clear(t)
		}
		if t.Failed() {
			t.Log(st.LastWords())
		}
		st.Sweep(t)
	})
	test(t, st)
}

// actTime is how long a switch may take to act in every service.
const actTime = time.Second

// set applies the setting and returns when it acts.
func (st *stage) set(t *testing.T, key failure.Key, s failure.Setting) {
	t.Helper()
	if _, err := st.flags.Set(key, s); err != nil {
		t.Fatal(err)
	}
	time.Sleep(actTime)
}

// clear resets every key and returns when that acts.
func (st *stage) clear(t *testing.T) {
	t.Helper()
	if err := st.flags.Clear(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(actTime)
}

// expectDeath allows one exit of the service by itself. back waits for the exit and the restart.
func (st *stage) expectDeath(t *testing.T, service string) (back func()) {
	t.Helper()
	s := st.Services[service]
	before := s.ExpectDeath()
	return func() {
		st.Await(t, 20*time.Second, service+" has exited", func() bool { return s.DeathCount() > before })
		st.Await(t, 30*time.Second, "the services are back", st.Ready)
	}
}
