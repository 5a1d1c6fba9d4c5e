package journey

import (
	"context"
	"fmt"
	"sync"
	"time"

	"traceria/services/order/orderclient"
)

const (
	// How often each source is asked, and the observer told.
	tellEvery     = 100 * time.Millisecond
	ordersEvery   = 100 * time.Millisecond
	spansEvery    = 400 * time.Millisecond
	brokerEvery   = time.Second
	servicesEvery = 2 * time.Second
	// quietOne and quietMany are how long the status of an order must stay the same before the other sources are asked about
	// it. Most orders never need them.
	quietOne  = 700 * time.Millisecond
	quietMany = 3 * time.Second
)

// Watch follows orders until each has ended.
type Watch struct {
	sources  Sources
	observer Observer
	delays   func(queue string) []time.Duration

	mu           sync.Mutex
	journeys     []*tracked
	surroundings Surroundings
	takes        map[string][]string
	seen         map[string]int  // dead letters that were looked at, by queue
	notes        map[string]bool // by source; true while it is away
	pending      []string        // notes that the observer has not got
}

// tracked is a journey and what was told of it.
type tracked struct {
	Journey
	id    string
	told  map[string]bool
	dirty bool      // something is new that the observer was not told
	read  time.Time // the last time that its spans were asked for
}

// New returns a watch of orders that were placed just now.
func New(sources Sources, placed []orderclient.Order, observer Observer) *Watch {
	w := &Watch{
		sources: sources, observer: observer, delays: delaysIn(sources.Topology),
		seen: map[string]int{}, notes: map[string]bool{}, takes: map[string][]string{},
	}
	now := time.Now()
	for _, order := range placed {
		w.journeys = append(w.journeys, &tracked{
			id: order.OrderID, Journey: Journey{Order: order, Placed: now, Changed: now}, told: map[string]bool{},
		})
	}
	return w
}

// Run follows the orders until each has ended, or ctx.
func (w *Watch) Run(ctx context.Context) {
	working, stop := context.WithCancel(ctx)
	var loops sync.WaitGroup
	for _, source := range []struct {
		interval time.Duration
		ask      func(context.Context)
	}{{ordersEvery, w.askOrders}, {spansEvery, w.readSpans}, {brokerEvery, w.askBroker}, {servicesEvery, w.askServices}} {
		loops.Go(func() { every(working, source.interval, source.ask) })
	}
	every(working, tellEvery, func(context.Context) {
		if !w.tell() {
			stop()
		}
	})
	stop()
	loops.Wait()
	w.tell()
}

// every calls do at once and then at each interval, until ctx ends.
func every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		do(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// LastLook asks once more for each order that has not ended, and gives up those that have not ended then, because of cause.
func (w *Watch) LastLook(ctx context.Context, cause error) {
	w.askOrdersAt(ctx, 0)
	w.mu.Lock()
	for _, t := range w.journeys {
		if !t.Ended {
			t.Err = fmt.Errorf("order %s is still %s: %w", t.Order.OrderID, t.Order.Status, cause)
		}
	}
	w.mu.Unlock()
	w.tell()
}

// Journeys returns what became of the orders, in the sequence in which they were placed.
func (w *Watch) Journeys() []Journey {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]Journey, len(w.journeys))
	for i, t := range w.journeys {
		all[i] = t.Journey
	}
	return all
}

// updated changes a journey and decides whether it has ended.
func (w *Watch) updated(t *tracked, change func(j *Journey)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&t.Journey)
	t.dirty = true
	if !t.Ended {
		t.conclude()
	}
}

// open returns the orders that have not ended and whose status is unchanged for at least quiet.
func (w *Watch) open(quiet time.Duration) []*tracked {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []*tracked
	for _, t := range w.journeys {
		if !t.Ended && time.Since(t.Changed) >= quiet {
			found = append(found, t)
		}
	}
	return found
}

// quiet returns the orders that the other sources are asked about.
func (w *Watch) quiet() []*tracked {
	if len(w.journeys) == 1 {
		return w.open(quietOne)
	}
	return w.open(quietMany)
}
