package inject

import (
	"context"
	"sync"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// earlierOrders keeps the contexts of the last two orders, as a field of a shared object would.
type earlierOrders struct {
	mu            sync.Mutex
	last, earlier struct{ conversation, traceparent string }
}

// note records the context of this event's send before a failure changes it.
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

// of returns the context of an earlier order, or "".
func (o *earlierOrders) of(conversation string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last.conversation != conversation {
		return o.last.traceparent
	}
	return o.earlier.traceparent
}

// traceStaleParent sends the event with the context of the previous order. Jaeger shows this order's spans in that
// order's trace, where their traceria.conversation differs from the root's. The first order of a process is not
// affected.
func traceStaleParent(i *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceStaleParent, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		if stale := i.earlier.of(e.Metadata.ConversationID); stale != "" {
			setTraceparent(e, headers, stale)
		}
	})
}
