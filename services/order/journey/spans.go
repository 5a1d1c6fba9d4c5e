package journey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"traceria/telemetry/tracetree"
)

const (
	// spansAtOnce is the number of conversations that are read at the same time. Reading one takes a query per service.
	spansAtOnce = 2
	// spansLate is the age at which an order without a span is worth a note.
	spansLate = 6 * time.Second
)

// readSpans reads the conversations of a few quiet orders, those first that were not read for the longest time.
func (w *Watch) readSpans(ctx context.Context) {
	if w.sources.Spans == nil {
		return
	}
	due := w.quiet()
	slices.SortStableFunc(due, func(a, b *tracked) int { return a.read.Compare(b.read) })
	var group errgroup.Group
	for _, t := range due[:min(len(due), spansAtOnce)] {
		t.read = time.Now() // only this goroutine uses it
		group.Go(func() error { w.readSpansOf(ctx, t); return nil })
	}
	_ = group.Wait()
}

func (w *Watch) readSpansOf(ctx context.Context, t *tracked) {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	spans, err := w.sources.Spans(asking, t.id)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, tracetree.ErrNotFound):
		if !t.Read && time.Since(t.Placed) > spansLate {
			w.away("spans of "+t.id, fmt.Sprintf("Jaeger has no span of order %s, so its queues and attempts are not shown", t.id))
		}
	case err != nil:
		w.away("jaeger", fmt.Sprintf("Jaeger cannot be read, so queues and attempts are not shown: %v", err))
	default:
		w.back("jaeger")
		messages := tracetree.Messages(spans, w.routing())
		w.updated(t, func(j *Journey) { j.Messages, j.Read = messages, true })
	}
}

// routing is that of the topology with what the services take at the moment.
func (w *Watch) routing() tracetree.Routing {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Routing(w.sources.Topology, maps.Clone(w.takes))
}
