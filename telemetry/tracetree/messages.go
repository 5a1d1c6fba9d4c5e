package tracetree

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The attributes of the messaging conventions from which a story is made.
const (
	operationKey   = "messaging.operation.type"
	destinationKey = "messaging.destination.name"
	routingKeyKey  = "messaging.rabbitmq.destination.routing_key"
	messageIDKey   = "messaging.message.id"
)

// Messages folds spans into messages, one for each message and queue, in the order of their first span. A send span without a
// process span is a message that waits.
func Messages(spans []Span, routing Routing) []Message {
	l := ledger{routing: routing, known: map[slot]*entry{}}
	for _, n := range fold(spans) { // by start, each span once
		switch n.Attributes[operationKey] {
		case "send":
			l.send(n.Span)
		case "process":
			l.process(n.Span)
		}
	}
	messages := make([]Message, len(l.entries))
	for i, e := range l.entries {
		messages[i] = e.conclude()
	}
	return messages
}

type slot struct{ queue, message string }

type ledger struct {
	routing Routing
	known   map[slot]*entry
	entries []*entry
}

// entry is a message whose state is not decided yet.
type entry struct {
	Message
	turns []turn
}

// turn is something that gave the message a state.
type turn struct {
	at    time.Time
	state State
	why   string
	// follows decides which turn is the latest. A send follows what ended before it began: its confirm may come after the
	// message was handled.
	follows time.Time
}

func (l *ledger) entry(queue string, span Span) *entry {
	id := span.messageID()
	same := id
	if l.routing.Same != nil {
		same = l.routing.Same(id)
	}
	e := l.known[slot{queue, same}]
	if e == nil {
		e = &entry{Message: Message{ID: id, Queue: queue}}
		e.Exchange, e.RoutingKey, _ = span.destination()
		l.known[slot{queue, same}] = e
		l.entries = append(l.entries, e)
	}
	return e
}

func (l *ledger) send(span Span) {
	exchange, key, _ := span.destination()
	var routes []Route
	if l.routing.Routes != nil {
		routes = l.routing.Routes(exchange, key)
	}
	if len(routes) == 0 && span.failed() {
		routes = []Route{{}}
	}
	for _, route := range routes {
		e := l.entry(route.Queue, span)
		if e.Producer == "" && !route.Dead {
			e.Producer = span.Service
		}
		state := Queued
		switch {
		case route.Dead && span.failed():
			continue // the consumer gives the message back, and another attempt follows
		case route.Dead:
			state = Dead
		case span.failed():
			state = Unsent
		}
		if state == Queued || state == Unsent && e.unsent() {
			e.Sent = &Link{TraceID: span.TraceID, SpanID: span.SpanID}
		}
		follows := span.Start
		if route.Dead {
			follows = span.End()
		}
		e.turns = append(e.turns, turn{span.End(), state, span.reason(), follows})
	}
}

// unsent reports whether each publish so far has failed.
func (e *entry) unsent() bool {
	return !slices.ContainsFunc(e.turns, func(t turn) bool { return t.state != Unsent })
}

func (l *ledger) process(span Span) {
	_, _, queue := span.destination()
	e := l.entry(queue, span)
	e.Consumer = span.Service
	settled, _ := span.Attributes[settledKey].(string)
	attempt := Attempt{
		Number: int(span.attempt()), Start: span.Start, End: span.End(), Settled: settled,
		Error: span.reason(), TraceID: span.TraceID, SpanID: span.SpanID,
	}
	e.Attempts = append(e.Attempts, attempt)
	e.turns = append(e.turns, turn{attempt.End, span.leaves(settled), attempt.Error, attempt.End})
}

// leaves is the state in which an attempt leaves its message.
func (s Span) leaves(settled string) State {
	switch {
	case settled == "retry":
		return Retrying
	case settled == "dead":
		return Dead
	case settled == "pause":
		return Paused
	case settled == "ack" && s.failed():
		return Lost
	case settled == "requeue" || s.failed():
		return Requeued
	default:
		return Done
	}
}

// conclude decides the state: done when an attempt succeeded, unsent when no publish succeeded, else that of the latest turn.
func (e *entry) conclude() Message {
	slices.SortStableFunc(e.Attempts, func(a, b Attempt) int { return a.End.Compare(b.End) })
	last := slices.MaxFunc(e.turns, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.state.weight(), b.state.weight()), a.follows.Compare(b.follows))
	})
	e.State, e.Since = last.state, last.at
	if last.state == Unsent {
		e.Error = last.why
	}
	return e.Message
}

func (s State) weight() int {
	switch s {
	case Done:
		return 2
	case Unsent:
		return 0
	default:
		return 1
	}
}

// messageID is the message's id, or that of the span that created the message.
func (s Span) messageID() string {
	if id, _ := s.Attributes[messageIDKey].(string); id != "" {
		return id
	}
	switch {
	case s.Attributes[operationKey] == "send":
		return s.TraceID + "-" + s.SpanID
	case len(s.Links) > 0:
		return s.Links[0].TraceID + "-" + s.Links[0].SpanID
	default:
		return s.TraceID + "-" + s.ParentID
	}
}

// destination reads {exchange}:{routing key} or {exchange}:{routing key}:{queue}. Empty parts are omitted, and a queue that
// equals the routing key is written once.
func (s Span) destination() (exchange, routingKey, queue string) {
	name, _ := s.Attributes[destinationKey].(string)
	routingKey, _ = s.Attributes[routingKeyKey].(string)
	switch {
	case routingKey == "":
		exchange, queue, _ = strings.Cut(name, ":")
	case strings.HasPrefix(name, routingKey+":"):
		queue = strings.TrimPrefix(name, routingKey+":")
	case name == routingKey:
		queue = routingKey
	default:
		var rest string
		exchange, rest, _ = strings.Cut(name, ":"+routingKey)
		queue = cmp.Or(strings.TrimPrefix(rest, ":"), routingKey)
	}
	return exchange, routingKey, queue
}

// reason is the message of a failed span, or the type of its error.
func (s Span) reason() string {
	if !s.failed() {
		return ""
	}
	return cmp.Or(strings.Join(strings.Fields(printable(s.StatusMessage)), " "), s.errorType(), "error")
}
