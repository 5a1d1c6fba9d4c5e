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
	batch   *batch
	copies  *tap

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
	spans, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	tested := len(r.under(spans))
	if tested != r.known {
		r.known, r.changed = tested, time.Now()
	}
	if !rules.Holds(r.verdicts(spans)) && (tested == 0 || time.Since(r.changed) < patience) {
		return spans, tracetree.ErrNotFound
	}
	return spans, nil
}

// all reads the latest traces of the services under test, the traces of the messages, and the stories of real orders. A clock that
// is slow hides a service from the first.
func (r *reader) all(ctx context.Context) ([]tracetree.Span, error) {
	services, err := r.services(ctx)
	if err != nil {
		return nil, err
	}
	spans, err := r.jaeger.Recent(ctx, services, r.options.Count*tracesOfOne+tracesOfOthers, r.began)
	if err != nil {
		return nil, err
	}
	read, ids := r.jaeger.Trace, r.batch.traces
	if r.batch.sent == nil {
		read, ids = r.jaeger.Conversation, r.batch.orders
	}
	for _, id := range ids {
		more, err := read(ctx, id)
		if err != nil && !errors.Is(err, tracetree.ErrNotFound) {
			return nil, err
		}
		spans = append(spans, more...)
	}
	return tracetree.Build(spans).Spans(), nil // each span once
}

// under returns the spans of the services under test.
func (r *reader) under(spans []tracetree.Span) []tracetree.Span {
	var found []tracetree.Span
	for _, s := range spans {
		if r.options.tests(s.Service) {
			found = append(found, s)
		}
	}
	return found
}

// verdicts merges the verdicts on every message.
func (r *reader) verdicts(spans []tracetree.Span) []rules.Verdict {
	sent := r.batch.sentBy(spans)
	tested := r.under(spans)
	lists := make([][]rules.Verdict, len(sent))
	for i, s := range sent {
		found := r.copies.of(s.Conversation)
		var messages []rules.Message
		for _, p := range found {
			messages = append(messages, p.Message)
		}
		lists[i] = append(rules.Check(s, tested, messages), contract(s.Conversation, found)...)
	}
	return rules.Merge(lists...)
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
	return slices.DeleteFunc(all, func(s string) bool { return !r.options.tests(s) }), nil
}

// tests reports whether a service is under test: the named one, or any but those of Traceria.
func (o Options) tests(service string) bool {
	if o.Service != "" {
		return service == o.Service
	}
	_, pizzeria := host.Ports[service]
	return !pizzeria && !slices.Contains([]string{name, "traceria", "topology", "jaeger"}, service)
}
