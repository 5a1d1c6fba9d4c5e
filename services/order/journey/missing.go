package journey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// Missing is what an order lacks: what should have come next, and where it is.
type Missing struct {
	Gaps []Gap `json:"gaps"`
	// Unseen are the queues of a finished order that have its message no more, although no span says that it was handled.
	Unseen []string `json:"unseen"`
	// Unanswered says which sources did not answer, and why.
	Unanswered []string `json:"unanswered"`
}

// Gap is a place at which the tree of an order ends too early.
type Gap struct {
	// After is the span under which something should have come. It is nil when no such span is known.
	After *Span `json:"after,omitempty"`
	// Expected is what should come next: "process kitchen.order-confirmed" or "send kitchen.order-boxed.v1".
	Expected string `json:"expected"`
	Place    Place  `json:"place"`
	// Where says for people where it is now, and why.
	Where string `json:"where"`
}

// Span names a span of a gap.
type Span struct {
	TraceID tracetree.TraceID `json:"traceId"`
	SpanID  tracetree.SpanID  `json:"spanId"`
	Name    string            `json:"name"`
	Service string            `json:"service"`
}

// Place says in one word where the missing thing is.
type Place string

// The places of a missing span.
const (
	Ready     Place = "ready"      // in a queue that does not deliver it
	Unacked   Place = "unacked"    // in the hands of its consumer
	Retry     Place = "retry"      // in a retry queue
	Paused    Place = "paused"     // its consumer holds it and tries again in place
	DeadQueue Place = "dead"       // a dead letter
	Outbox    Place = "outbox"     // stored by its sender and not sent
	Gone      Place = "lost"       // acked without work, dropped or expired
	NeverSent Place = "never-sent" // not stored by its sender
	Unsure    Place = "unknown"    // the sources do not say
	Soon      Place = "soon"       // its span may be on its way
)

// onTheWay is how long a span may be on its way to Jaeger.
const onTheWay = 3 * time.Second

// FindMissing says what the order lacks. spans are those of its conversation. It asks the order service, and, if something
// is missing, RabbitMQ and the services, each once. It returns nil when nothing is missing.
func FindMissing(ctx context.Context, sources Sources, orderID string, spans []tracetree.Span) *Missing {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	a := newAccount(sources.Topology, spans)
	found := &Missing{Gaps: []Gap{}, Unseen: []string{}, Unanswered: []string{}}
	if order, err := sources.Order(ctx, orderID); err != nil {
		a.Order.OrderID = orderID
		found.Unanswered = append(found.Unanswered, fmt.Sprintf("order %s: %v", orderID, err))
	} else {
		a.Order, a.known = order, true
	}
	if len(a.gaps()) > 0 {
		found.Unanswered = append(found.Unanswered, a.ask(ctx, sources)...)
		found.Gaps = append(found.Gaps, a.gaps()...)
	}
	found.Unseen = append(found.Unseen, a.unseen()...)
	if len(found.Gaps) == 0 && len(found.Unseen) == 0 {
		return nil
	}
	return found
}

// ask asks RabbitMQ and the services. It returns why a source did not answer.
func (a *account) ask(ctx context.Context, sources Sources) (unanswered []string) {
	answered := make(chan struct{})
	if sources.Service != nil {
		go func() {
			defer close(answered)
			a.services = sources.askServices(ctx)
		}()
	} else {
		close(answered)
	}
	if sources.Broker != nil {
		if err := a.askBroker(ctx, sources.Broker); err != nil {
			unanswered = append(unanswered, fmt.Sprintf("RabbitMQ cannot be asked: %v", err))
		}
	}
	<-answered
	for _, name := range subscribers(sources.Topology) {
		if err := a.services.failed[name]; err != nil {
			unanswered = append(unanswered, fmt.Sprintf("%s: %v", name, err))
		}
	}
	a.Messages = tracetree.Messages(a.spans, Routing(a.topology, a.services.takes))
	return unanswered
}

// askBroker counts the messages of the queues, and reads the dead letters of those that may have one of the order.
func (a *account) askBroker(ctx context.Context, rabbitMQ Broker) error {
	var queues []string
	for _, s := range a.topology.Subscriptions {
		queues = append(queues, s.Queue(), s.DeadQueue())
		for _, overflow := range []string{topology.OverflowDropHead, topology.OverflowRejectPublish} {
			s.Overflow = overflow
			if a.stops(s.Queue()) {
				queues = append(queues, s.LimitedQueue())
			}
		}
	}
	counts, err := rabbitMQ.Count(ctx, queues)
	if err != nil {
		return err
	}
	a.counts = counts
	for _, s := range a.topology.Subscriptions {
		if n := counts[s.DeadQueue()].Ready; n == 0 || n > lettersMost || a.done(s.Queue()) {
			continue
		}
		letters, err := rabbitMQ.Letters(ctx, s, lettersMost)
		if err != nil {
			return err
		}
		for _, l := range letters {
			if l.ConversationID == a.Order.OrderID {
				a.Letters = append(a.Letters, letterOf(s, l))
			}
		}
	}
	return nil
}

// stops reports whether the queue holds up the order.
func (a *account) stops(queue string) bool {
	return slices.ContainsFunc(a.Messages, func(m tracetree.Message) bool {
		return m.Queue == queue && m.State == tracetree.Queued && !a.done(queue)
	})
}
