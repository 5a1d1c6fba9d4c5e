package tracetree

import (
	"context"
	"errors"
	"time"
)

const (
	// quiet is how long ago the newest span must have ended before a tree counts as complete: services export their
	// spans every second, and a Collector passes them on within another.
	quiet = 3 * time.Second
	// restPoll is the interval at which ReadAtRest reads.
	restPoll = 250 * time.Millisecond
)

// ReadAtRest calls read until the spans are at rest, as [AtRest] says, and returns them. When most is over, it returns
// the result of the last read. It treats [ErrNotFound] as spans that are still on their way.
func ReadAtRest(ctx context.Context, read func(context.Context) ([]Span, error), most time.Duration) ([]Span, error) {
	look := time.NewTicker(restPoll)
	defer look.Stop()
	deadline := time.Now().Add(most)
	for {
		spans, err := read(ctx)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if (err == nil && AtRest(spans)) || time.Now().After(deadline) {
			return spans, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// AtRest reports whether the spans are [Quiet] and no span's parent is missing.
func AtRest(spans []Span) bool { return Quiet(spans) && len(Build(spans).Orphans) == 0 }

// Quiet reports whether no span ended within the last 3 s. A span that ends later than in 3 s is of a clock that is wrong, and
// does not count.
func Quiet(spans []Span) bool {
	for _, span := range spans {
		if age := time.Since(span.End()); age < quiet && age > -quiet {
			return false
		}
	}
	return true
}
