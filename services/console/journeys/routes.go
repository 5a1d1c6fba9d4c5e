package journeys

import (
	"slices"
	"sync"
	"time"

	"traceria/telemetry/tracetree"
)

const (
	maxDestinations = 4096
	maxQueues       = 32 // of one destination
)

// routes are learned from process spans, for messages that no [Options.Routing] knows: a destination leads to the queues from which it
// was consumed. A message waits there if it was sent later than the first consumption and no span has handled it. A message that was
// handled from one queue does not wait in another: the broker may have routed it by its contents. A message to a destination without a
// consumer waits nowhere: a producer whose consumers send no spans must not make every journey stuck.
type routes struct {
	mu    sync.RWMutex
	known map[destination]map[string]time.Time // the earliest consumption by queue
	news  map[destination]bool
}

// learn notes from which queue a process span took its message.
func (r *routes) learn(span *tracetree.Span) {
	if span.Kind != tracetree.KindConsumer {
		return
	}
	m, is := tracetree.MessagingOf(*span)
	if !is || m.Queue == "" || m.Operation != "process" && m.Operation != "receive" {
		return
	}
	d := destinationOf(m)
	r.mu.Lock()
	defer r.mu.Unlock()
	queues := r.known[d]
	if queues == nil {
		if r.known == nil || len(r.known) >= maxDestinations {
			r.known = map[destination]map[string]time.Time{} // a sender invents destinations
		}
		queues = map[string]time.Time{}
		r.known[d] = queues
	}
	queue := shortened(m.Queue)
	since, known := queues[queue]
	if !known && len(queues) >= maxQueues || known && !span.Start.Before(since) {
		return
	}
	queues[queue] = span.Start
	if r.news == nil {
		r.news = map[destination]bool{}
	}
	r.news[d] = true
}

// fresh returns the destinations with new routes since the last call.
func (r *routes) fresh() map[destination]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	news := r.news
	r.news = nil
	return news
}

// to returns the queues in which a message that was sent at a time waits, by name.
func (r *routes) to(d destination, sent time.Time) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var queues []string
	for queue, since := range r.known[d] {
		if !sent.Before(since) {
			queues = append(queues, queue)
		}
	}
	slices.Sort(queues)
	return queues
}
