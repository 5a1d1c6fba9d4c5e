package topology

import (
	"slices"
	"time"

	"traceria/services/event"
)

// Topology is what the broker must have before the first event is published: an event that is published before a
// subscriber has its queue never reaches that subscriber.
//
// It has no alternate exchange and no catch-all binding. With either, an event that no subscriber takes would count as
// routed, and the mandatory flag would never report it.
type Topology struct {
	Subscriptions []Subscription
}

// Layout is a topology as RabbitMQ knows it, in the order in which it can be declared.
type Layout struct {
	Exchanges []Exchange
	Queues    []Queue
	Bindings  []Binding
	// Unbound are bindings of earlier configurations, which must go.
	Unbound []Binding
}

// Exchange is a durable exchange.
type Exchange struct{ Name, Kind string }

// String names the exchange in messages and in [Topology.Lost].
func (x Exchange) String() string { return "exchange " + x.Name }

// Queue is a durable queue.
type Queue struct {
	Name      string
	Arguments map[string]any
}

// String names the queue in messages and in [Topology.Lost].
func (q Queue) String() string { return "queue " + q.Name }

// Binding leads from an exchange to a queue.
type Binding struct{ Exchange, Key, Queue string }

// String names the binding in messages and in [Topology.Lost].
func (b Binding) String() string {
	return "binding of " + b.Queue + " to " + b.Exchange + " by " + b.Key
}

// Kinds of exchanges: routing keys of events are matched by their parts, names of queues as a whole.
const (
	eventExchangeKind = "topic"
	queueExchangeKind = "direct"
)

// EventExchanges are the exchanges that events are published to.
func EventExchanges() []Exchange {
	return []Exchange{{event.PublicExchange, eventExchangeKind}, {event.KitchenExchange, eventExchangeKind}}
}

// Layout lists the exchanges, queues and bindings of the topology.
func (t Topology) Layout() Layout {
	l := Layout{Exchanges: EventExchanges()}
	subscribers := map[string]bool{}
	for _, s := range t.Subscriptions {
		if !subscribers[s.Subscriber] {
			subscribers[s.Subscriber] = true
			l.Exchanges = append(l.Exchanges, Exchange{s.DeadExchange(), queueExchangeKind}, Exchange{s.RetryExchange(), queueExchangeKind})
		}
		s.addTo(&l)
	}
	t.addFull(&l)
	t.addProofs(&l)
	return l
}

// addTo adds the queues and bindings of the subscription. Those of dead letters and retries come first: an event that
// fails must find them.
func (s Subscription) addTo(l *Layout) {
	l.Queues = append(l.Queues, Queue{s.DeadQueue(), deadQueueArguments()})
	l.Bindings = append(l.Bindings, Binding{s.DeadExchange(), s.Queue(), s.DeadQueue()})
	for _, delay := range distinct(s.Delays()) {
		l.Queues = append(l.Queues, Queue{s.RetryQueue(delay), retryQueueArguments(s, delay)})
		l.Bindings = append(l.Bindings, Binding{s.RetryExchange(), s.RetryQueue(delay), s.RetryQueue(delay)})
	}
	l.Queues = append(l.Queues, Queue{s.Queue(), queueArguments(s)})
	l.Bindings = append(l.Bindings, Binding{s.RetryExchange(), s.Queue(), s.Queue()})
	if s.Overflow != "" {
		l.Queues = append(l.Queues, Queue{s.LimitedQueue(), limitedQueueArguments(s.Overflow)})
	}
	for _, t := range s.Bound() {
		l.Bindings = append(l.Bindings, Binding{t.Exchange, t.RoutingKey(), s.entrance()})
	}
	for _, t := range s.Left() {
		l.Unbound = append(l.Unbound, Binding{t.Exchange, t.RoutingKey(), s.Queue()})
	}
}

// Entrances are the exchanges that the events of the subscriptions are published to. Their publishers may look at them.
func (t Topology) Entrances() Layout {
	var l Layout
	for _, x := range EventExchanges() {
		if slices.ContainsFunc(t.Subscriptions, func(s Subscription) bool { return s.Event.Exchange == x.Name }) {
			l.Exchanges = append(l.Exchanges, x)
		}
	}
	return l
}

// Owned are the exchanges and queues of the subscribers that they may look at. A subscriber may not look at its retry
// queues: a retry is mandatory, and says when its queue is missing.
func (t Topology) Owned() Layout {
	var l Layout
	for _, s := range t.Subscriptions {
		if dead := (Exchange{s.DeadExchange(), queueExchangeKind}); !slices.Contains(l.Exchanges, dead) {
			l.Exchanges = append(l.Exchanges, dead, Exchange{s.RetryExchange(), queueExchangeKind})
		}
		l.Queues = append(l.Queues, Queue{Name: s.DeadQueue()}, Queue{Name: s.Queue()})
	}
	return l
}

// distinct removes repeated delays: they share a queue.
func distinct(delays []time.Duration) []time.Duration {
	seen := map[time.Duration]bool{}
	var once []time.Duration
	for _, delay := range delays {
		if !seen[delay] {
			seen[delay] = true
			once = append(once, delay)
		}
	}
	return once
}
