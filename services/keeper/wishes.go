package keeper

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"traceria/services/broker/wire"
	"traceria/services/wait"
)

// Ask asks a producer to publish again what it has published with these routing keys and longer ago than age: later events
// found their queue. Clocks are not compared; the time that the question takes makes it ask for more. It returns the number
// of events, or an error when the producer did not agree.
type Ask func(ctx context.Context, producer string, keys []string, age time.Duration) (events int, err error)

// wishes are the events that producers must still be asked for.
type wishes struct {
	mu   sync.Mutex
	open map[string]map[string]time.Time // by producer and routing key: the time until which events may be lost
}

// add adds the events that were published until now.
func (w *wishes) add(wanted map[string][]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.open == nil {
		w.open = map[string]map[string]time.Time{}
	}
	for producer, keys := range wanted {
		if w.open[producer] == nil {
			w.open[producer] = map[string]time.Time{}
		}
		for _, key := range keys {
			w.open[producer][key] = now
		}
	}
}

// of returns a copy of the wishes to one producer.
func (w *wishes) of(producer string) map[string]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.open[producer])
}

// done removes what was asked for, unless it was added again since.
func (w *wishes) done(producer string, asked map[string]time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, until := range asked {
		if w.open[producer][key].Equal(until) {
			delete(w.open[producer], key)
		}
	}
	if len(w.open[producer]) == 0 {
		delete(w.open, producer)
	}
}

func (w *wishes) producers() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.open))
}

// latest is the latest time until which events may be lost.
func latest(wish map[string]time.Time) time.Time {
	return slices.MaxFunc(slices.Collect(maps.Values(wish)), time.Time.Compare)
}

const (
	// askEvery is the interval at which open wishes are looked for.
	askEvery = 100 * time.Millisecond
	// askAgainMax is the longest pause before a producer is asked again.
	askAgainMax = 10 * time.Second
)

// run asks the producers until ctx ends. It asks a producer that does not answer again, with a back-off of its own.
func (w *wishes) run(ctx context.Context, ask Ask, say func(string)) {
	type trouble struct {
		pauses     wire.Pauses
		next, said time.Time
	}
	troubles := map[string]*trouble{}
	for ctx.Err() == nil {
		for _, producer := range w.producers() {
			was := troubles[producer]
			if was != nil && time.Now().Before(was.next) {
				continue
			}
			wish := w.of(producer)
			events, err := ask(ctx, producer, slices.Sorted(maps.Keys(wish)), time.Since(latest(wish)))
			if err == nil {
				w.done(producer, wish)
				delete(troubles, producer)
				say(fmt.Sprintf("%s publishes again, with the keys %[3]q; number of events: %[2]d", producer, events, slices.Sorted(maps.Keys(wish))))
				continue
			}
			if was == nil {
				was = &trouble{pauses: wire.Pauses{Most: askAgainMax}}
				troubles[producer] = was
			}
			if ctx.Err() == nil && time.Since(was.said) >= sayAgain {
				was.said = time.Now()
				say(fmt.Sprintf("%s does not answer; it must publish again what a deleted queue may have held: %v", producer, err))
			}
			was.next = time.Now().Add(was.pauses.Next())
		}
		_ = wait.For(ctx, askEvery)
	}
}
