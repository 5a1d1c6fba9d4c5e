package console

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"traceria/services/failure"
	"traceria/services/host"
)

const (
	// lookEvery is how often the console reads the flag file.
	lookEvery = 500 * time.Millisecond
	// mostSwitches is how many changes are kept.
	mostSwitches = 100
)

// switched is a change of a switch. Variant is nil for the default.
type switched struct {
	Key     string    `json:"key"`
	Variant *string   `json:"variant"`
	At      time.Time `json:"at"`
}

// switchLog has the changes of switches that the console has seen.
type switchLog struct {
	mu      sync.Mutex
	last    map[failure.Key]failure.Setting // the settings that are not the default
	changes []switched                      // the newest last
}

// compare notes what has changed. It returns the keys that were switched on or changed. The first call notes nothing. A setting
// without marks is the secret of a mystery, so it counts as off.
func (l *switchLog) compare(all []failure.Status, at time.Time) (on []string, changed bool) {
	now := map[failure.Key]failure.Setting{}
	for _, s := range all {
		if s.Active != nil && !s.Active.Unmarked {
			now[s.Key] = *s.Active
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.last
	l.last = now
	if last == nil {
		return nil, false
	}
	for _, s := range all {
		is, isOn := now[s.Key]
		was, wasOn := last[s.Key]
		if isOn == wasOn && is == was {
			continue
		}
		change := switched{Key: string(s.Key), At: at}
		if isOn {
			change.Variant = &is.Variant
			on = append(on, change.Key)
		}
		l.changes, changed = append(l.changes, change), true
	}
	if more := len(l.changes) - mostSwitches; more > 0 {
		l.changes = slices.Delete(l.changes, 0, more)
	}
	return on, changed
}

// newest returns the changes, the newest first.
func (l *switchLog) newest() []switched {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest := slices.Clone(l.changes)
	slices.Reverse(newest)
	return some(newest)
}

// watchSwitches notices changes of the flag file until ctx ends. The hits of a key count from when it was switched on.
func (c *console) watchSwitches(ctx context.Context) {
	if failure.ByServer() {
		return
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		c.lookAtSwitches()
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (c *console) lookAtSwitches() {
	all, err := c.Config.Flags.List()
	if err != nil {
		return // the request that lists the switches reports it
	}
	on, changed := c.switches.compare(all, time.Now().UTC())
	if len(on) > 0 {
		c.store.ResetHits(on...)
	}
	if changed {
		c.stream.look(topicFailures)
	}
}

// listSwitches answers GET /api/switches.
func (c *console) listSwitches(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, c.switches.newest())
}
