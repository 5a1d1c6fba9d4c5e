package console

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync/atomic"
	"time"

	"traceria/services/console/journeys"
	"traceria/services/host"
	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// The sources of a story.
const (
	fromMemory = "memory"
	fromJaeger = "jaeger"
)

// story is a journey with its spans.
type story struct {
	row    journeys.Row
	spans  []tracetree.Span
	logs   []otlp.Log
	source string
}

// orderNumber matches the number of an order, which customers see.
var orderNumber = regexp.MustCompile(`^ORD[0-9]{1,18}$`)

// storyOf returns the journey that the path of a request names, in one of the places for the spans of journeys. The caller must call
// closed, which leaves the place.
func (c *console) storyOf(r *http.Request) (s story, closed func(), err error) {
	closed, err = c.stories.enter(r.Context())
	if err != nil {
		return s, nil, err
	}
	if s, err = c.story(r.Context(), r.PathValue("id")); err != nil {
		closed()
		return s, nil, err
	}
	return s, closed, nil
}

// story returns the journey of a conversation, a trace or an order number. It asks Jaeger for what the console does not have.
func (c *console) story(ctx context.Context, id string) (story, error) {
	if s, ok := c.kept(id); ok {
		return s, nil
	}
	if orderNumber.MatchString(id) && c.system.Number != nil {
		conversation, err := c.system.Number(ctx, id)
		if err != nil {
			return story{}, unknownJourney(id, err)
		}
		if id = conversation; id != "" {
			if s, ok := c.kept(id); ok {
				return s, nil
			}
		}
	}
	if c.system.Older == nil {
		return story{}, unknownJourney(id, nil)
	}
	if err := host.CheckID("id", id); err != nil {
		return story{}, err
	}
	return c.older(ctx, id)
}

// kept returns a journey that the console has.
func (c *console) kept(id string) (story, bool) {
	row, ok := c.store.Find(id)
	if !ok {
		return story{}, false
	}
	spans, ok := c.store.Spans(row.ID)
	return story{row: row, spans: spans, logs: c.store.Logs(row.ID), source: fromMemory}, ok
}

// olderMemory is the memory for a journey from Jaeger while it is read.
const olderMemory = 64 << 20

// older returns a journey that only Jaeger has. A store of its own folds the spans and forgets them.
func (c *console) older(ctx context.Context, id string) (story, error) {
	spans, err := c.system.Older(ctx, id)
	if err != nil {
		return story{}, unknownJourney(id, err)
	}
	var arrived atomic.Bool
	last := lastEnd(spans)
	store := journeys.New(journeys.Options{
		Limit: olderMemory, JourneyLimit: olderMemory, StuckAfter: stuckAfter, Routing: c.system.Routing,
		Now: func() time.Time { // the spans have not arrived just now, so the journey does not run
			if arrived.Load() {
				return time.Now()
			}
			return last
		},
	})
	defer store.Close()
	store.Add(spans, journeys.SourceOTLP)
	arrived.Store(true)
	store.Flush()
	row, ok := store.Find(id)
	if !ok { // Jaeger found the spans by another attribute
		if rows := store.Rows(journeys.Filter{}, journeys.Oldest, 1, 0).Rows; len(rows) > 0 {
			row, ok = rows[0], true
		}
	}
	if !ok {
		return story{}, unknownJourney(id, nil)
	}
	spans, _ = store.Spans(row.ID)
	return story{row: row, spans: spans, source: fromJaeger}, nil
}

// lastEnd is when the last span ended.
func lastEnd(spans []tracetree.Span) (last time.Time) {
	for _, span := range spans {
		if span.End().After(last) {
			last = span.End()
		}
	}
	return last
}

// unknownJourney is the answer for a journey that is not found. cause is why Jaeger or the order service gave none.
func unknownJourney(id string, cause error) error {
	switch {
	case errors.Is(cause, context.DeadlineExceeded), errors.Is(cause, context.Canceled):
		return cause
	case cause == nil, errors.Is(cause, tracetree.ErrNotFound):
		return host.NotFound("the console has no journey %.100q; want a conversation, a trace id or an order number such as ORD17", id)
	default:
		return host.NotFound("the console has no journey %.100q, and cannot read older ones: %.300v", id, cause)
	}
}

// awaited limits what the console asks others for while it shows a journey.
const awaited = 2 * time.Second

// missing says what an unfinished journey lacks, or nil.
func (c *console) missing(ctx context.Context, s story) any {
	if c.system.Missing == nil || s.row.Source != journeys.SourceOTLP || s.row.State == journeys.Done && s.source == fromJaeger {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, awaited)
	defer cancel()
	return c.system.Missing(ctx, s.row.ID, s.spans)
}
