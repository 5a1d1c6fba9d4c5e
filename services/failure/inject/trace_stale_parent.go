package inject

import (
	"context"
	"sync"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// earlierOrders remembers the last two orders' contexts, as a field of a shared object would.
type earlierOrders struct {
	mu            sync.Mutex
	last, earlier struct{ conversation, traceparent string }
}

// note remembers the context of this event's send, before anything is done to it.
func (o *earlierOrders) note(d *departure) {
	d.onContext = append(d.onContext, func(_ context.Context, e *event.Envelope, _ broker.Headers) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.last.conversation != e.Metadata.ConversationID {
			o.earlier = o.last
		}
		o.last.conversation, o.last.traceparent = e.Metadata.ConversationID, e.Metadata.TraceParent
	})
}

// of is the context of an order before this one, or "".
func (o *earlierOrders) of(conversation string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.conversation != conversation {
		return o.last.traceparent
	}
	return o.earlier.traceparent
}

// traceStaleParent sends the event with the context of the order before. Jaeger shows this order's spans in the trace of
// that one: their traceria.conversation is not the root's. The first order of a process has none before it, and is
// spared.
func traceStaleParent(i *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceStaleParent, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		if stale := i.earlier.of(e.Metadata.ConversationID); stale != "" {
			setTraceparent(e, headers, stale)
		}
	})
}
