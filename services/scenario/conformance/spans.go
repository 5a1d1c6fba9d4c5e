package conformance

import (
	"context"
	"errors"
	"slices"
	"time"

	"traceria/services/host"
	"traceria/telemetry/tracetree"

	rules "traceria/telemetry/conformance"
)

const (
	// patience is how long to wait for more spans while a rule is wrong. Many SDKs export every 5 s.
	patience = 8 * time.Second
	// tracesOfOne is how many traces of the service are read for each message, beside those of others.
	tracesOfOne, tracesOfOthers = 20, 200
)

// reader reads the spans of the service under test.
type reader struct {
	options Options
	jaeger  *tracetree.Jaeger
	began   time.Time
	// verdicts judges the spans read so far.
	verdicts func(spans []tracetree.Span) []rules.Verdict

	known   int // spans of the last read
	changed time.Time
}

// read returns the spans when there is a process span for every message, and nothing more is to come.
func (r *reader) read(ctx context.Context) ([]tracetree.Span, error) {
	spans, err := tracetree.ReadAtRest(ctx, r.once, r.options.Timeout)
	if errors.Is(err, tracetree.ErrNotFound) {
		return spans, nil // the verdicts say what is missing
	}
	return spans, err
}

// once returns ErrNotFound with the spans as long as more of them may come.
func (r *reader) once(ctx context.Context) ([]tracetree.Span, error) {
	services, err := r.services(ctx)
	if err != nil {
		return nil, err
	}
	all, err := r.jaeger.Recent(ctx, services, r.options.Count*tracesOfOne+tracesOfOthers, r.began)
	if err != nil {
		return nil, err
	}
	spans := slices.DeleteFunc(all, func(s tracetree.Span) bool {
		return s.Service != name && !slices.Contains(services, s.Service) // without its parent a span is not at rest
	})
	if len(spans) != r.known {
		r.known, r.changed = len(spans), time.Now()
	}
	if !rules.Holds(r.verdicts(spans)) && (len(spans) == 0 || time.Since(r.changed) < patience) {
		return spans, tracetree.ErrNotFound
	}
	return spans, nil
}

// services are the services under test: the named one, or all but those of the pizzeria.
func (r *reader) services(ctx context.Context) ([]string, error) {
	all, err := r.jaeger.Services(ctx)
	if err != nil {
		return nil, err
	}
	if r.options.Service != "" {
		return []string{r.options.Service}, nil
	}
	return slices.DeleteFunc(all, func(s string) bool {
		_, pizzeria := host.Ports[s]
		return pizzeria || s == name || s == "traceria" || s == "topology" || s == "jaeger"
	}), nil
}
