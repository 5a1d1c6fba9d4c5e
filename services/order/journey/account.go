package journey

import (
	"maps"
	"slices"
	"strings"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

const (
	routingKeyKey = "messaging.rabbitmq.destination.routing_key"
	operationKey  = "messaging.operation.type"
	systemKey     = "db.system.name"
)

// account has the sources' answers about one order.
type account struct {
	Journey
	known    bool // the order service has answered
	topology topology.Topology
	spans    []tracetree.Span
	byID     map[spanID]tracetree.Span
	counts   map[string]broker.QueueCount
	services answers
	now      time.Time
}

// spanID identifies a span among the spans of all traces.
type spanID struct {
	trace tracetree.TraceID
	span  tracetree.SpanID
}

func newAccount(t topology.Topology, spans []tracetree.Span) *account {
	a := &account{topology: t, spans: slices.Clone(spans), byID: map[spanID]tracetree.Span{}, now: time.Now()}
	slices.SortStableFunc(a.spans, func(x, y tracetree.Span) int { return x.Start.Compare(y.Start) })
	for _, s := range a.spans {
		a.byID[spanID{s.TraceID, s.SpanID}] = s
	}
	a.Messages = tracetree.Messages(a.spans, Routing(t, nil))
	return a
}

// status is that of the order service, or what the spans say if it has not answered.
func (a *account) status() string {
	switch {
	case a.known:
		return a.Order.Status
	case a.sent(event.OrderCancelledV1):
		return "cancelled"
	case a.handled("order.order-delivered"):
		return "delivered"
	default:
		return ""
	}
}

func (a *account) finished() bool {
	return a.status() == "delivered" || a.status() == "cancelled"
}

// done reports whether the work on a queue is done.
func (a *account) done(queue string) bool { return a.handled(queue) || a.evident(queue) }

// handled reports whether a span says so.
func (a *account) handled(queue string) bool {
	return slices.ContainsFunc(a.Messages, func(m tracetree.Message) bool { return m.Queue == queue && m.State == tracetree.Done })
}

// evident reports whether the order service says so, or what was sent afterwards.
func (a *account) evident(queue string) bool {
	if slices.ContainsFunc(way, func(s step) bool { return s.queue == queue && rank(a.status()) >= rank(s.until) }) {
		return true
	}
	for _, s := range sequels {
		if slices.Contains(s.queues, queue) && !slices.ContainsFunc(s.sends, func(t event.Type) bool { return !a.happened(t) }) {
			return true
		}
	}
	return slices.ContainsFunc(a.topology.Subscriptions, func(s topology.Subscription) bool {
		return s.Queue() == queue && s.Subscriber == "order" && (a.reported(s.Event) || a.status() == "cancelled" && rank(statusAfter(s.Event.Name)) >= 0)
	})
}

// happened reports whether an event was sent: its span says so, or its consumers know it.
func (a *account) happened(t event.Type) bool {
	return a.sent(t) || t.Domain != "order" && a.reported(t) || slices.ContainsFunc(a.subscriptions(t), func(s topology.Subscription) bool {
		return a.handled(s.Queue())
	})
}

// sent reports whether a version of the event has a successful send span.
func (a *account) sent(t event.Type) bool {
	return slices.ContainsFunc(a.spans, func(s tracetree.Span) bool {
		return sends(s) && s.Status != tracetree.StatusError && slices.Contains(keysOf(t), keyOf(s))
	})
}

// reported reports whether the event is in the order's timeline.
func (a *account) reported(t event.Type) bool {
	for _, e := range a.Order.Timeline {
		if e.Event == t.Name {
			return true
		}
	}
	return false
}

// subscriptions are those to a version of the event.
func (a *account) subscriptions(t event.Type) []topology.Subscription {
	return slices.DeleteFunc(slices.Clone(a.topology.Subscriptions), func(s topology.Subscription) bool {
		return s.Event.Name != t.Name || s.Event.Domain != t.Domain
	})
}

// work is the span that did the work on a queue: its last attempt. An empty queue means the request that placed the order.
func (a *account) work(queue string) (work tracetree.Span, known bool) {
	if queue == "" {
		i := slices.IndexFunc(a.spans, func(s tracetree.Span) bool { return s.Kind == tracetree.KindServer && s.Name == "POST /order" })
		if i < 0 {
			return work, false
		}
		return a.spans[i], true
	}
	for _, m := range a.Messages {
		if last, any := m.Last(); any && m.Queue == queue && m.State == tracetree.Done {
			work, known = a.byID[spanID{last.TraceID, last.SpanID}]
		}
	}
	return work, known
}

// unseen are the queues of a finished order that had its message and have it no more, although no span says so.
func (a *account) unseen() []string {
	queues := map[string]bool{}
	for _, m := range a.Messages {
		if a.finished() && m.State == tracetree.Queued && !a.handled(m.Queue) && (a.evident(m.Queue) || a.silent(m)) {
			queues[m.Queue] = true
		}
	}
	return slices.Sorted(maps.Keys(queues))
}

// silent reports whether only a missing span could say that the message of a finished order was handled: the queue is empty,
// and nothing follows its work.
func (a *account) silent(m tracetree.Message) bool {
	if !a.finished() || consumer(m.Queue) == "order" || slices.ContainsFunc(sequels, func(s sequel) bool { return slices.Contains(s.queues, m.Queue) }) {
		return false
	}
	place, _ := a.place(m)
	return place == Gone
}

func sends(s tracetree.Span) bool { return s.Attributes[operationKey] == "send" }

func keyOf(s tracetree.Span) string {
	key, _ := s.Attributes[routingKeyKey].(string)
	return key
}

// keysOf are the routing keys of all versions of an event.
func keysOf(t event.Type) (keys []string) {
	for _, version := range event.Catalogue {
		if version.Name == t.Name && version.Domain == t.Domain {
			keys = append(keys, version.RoutingKey())
		}
	}
	return keys
}

// stored reports whether a span wrote to the database of its service, and whether it wrote to the outbox.
func (a *account) stored(by tracetree.Span) (wrote, outbox bool) {
	for _, s := range a.spans {
		if s.TraceID == by.TraceID && s.ParentID == by.SpanID && s.Attributes[systemKey] != nil && !strings.HasPrefix(s.Name, "SELECT") {
			wrote = true
			outbox = outbox || strings.Contains(s.Name, "outbox")
		}
	}
	return wrote, outbox
}
