package inject

import (
	"context"
	"slices"
	"strings"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// departure is an event before its send, with the failures to inject into it.
type departure struct {
	*broker.Departure
	keys      []failure.Key
	onContext []func(ctx context.Context, e *event.Envelope, headers broker.Headers)
	onMessage []func(m *broker.Publishing)
}

// mark adds key to the send span and the message. change, if any, runs after the trace context is written and before
// the body is.
func (d *departure) mark(key failure.Key, change func(ctx context.Context, e *event.Envelope, headers broker.Headers)) {
	if !slices.Contains(d.keys, key) {
		d.keys = append(d.keys, key)
	}
	if change != nil {
		d.onContext = append(d.onContext, change)
	}
}

// markMessage is mark with a change of the complete message.
func (d *departure) markMessage(key failure.Key, change func(m *broker.Publishing)) {
	d.mark(key, nil)
	d.onMessage = append(d.onMessage, change)
}

// finish installs the collected changes in the broker's Departure.
func (d *departure) finish() {
	if len(d.keys) == 0 && len(d.onContext) == 0 {
		return
	}
	d.OnContext = func(ctx context.Context, e *event.Envelope, headers broker.Headers) {
		for _, key := range d.keys {
			_, _ = failure.On(ctx, key) // marks the span with the flag
			failure.Inject(ctx, key)
		}
		if len(d.keys) > 0 {
			headers[failure.InjectedHeader] = d.names()
		}
		for _, change := range d.onContext {
			change(ctx, e, headers)
		}
	}
	d.OnMessage = func(_ context.Context, m *broker.Publishing) error {
		for _, change := range d.onMessage {
			change(m)
		}
		return nil
	}
}

// names reports whether injected, a header of [departure.names], has key.
func names(injected string, key failure.Key) bool {
	return slices.Contains(strings.Split(injected, ","), string(key))
}

func (d *departure) names() string {
	names := make([]string, len(d.keys))
	for n, key := range d.keys {
		names[n] = string(key)
	}
	return strings.Join(names, ",")
}
