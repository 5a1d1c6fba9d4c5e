package tracetree

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Map says which services talk to which, as their spans tell. Links count as well as parents, so that a map is the same in
// each trace mode.
type Map struct {
	// Traces is the number of traces, and From and To the times of the first start and the last end.
	Traces int       `json:"traces"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	// Services has every service, by name.
	Services []string `json:"services"`
	Edges    []Edge   `json:"edges"`
}

// Edge is a way from one service to another: a message through a queue, or a request.
type Edge struct {
	From string `json:"from"`
	// To is "" for messages that no consumer has handled.
	To string `json:"to"`
	// What is the routing key of the messages, or the name of the request. Exchange and Queue are "" for a request. Queue is
	// "" for messages that no consumer has handled.
	What     string `json:"what"`
	Exchange string `json:"exchange,omitempty"`
	Queue    string `json:"queue,omitempty"`
	// Count is the number of spans at the end of the edge, and Errors how many of them failed.
	Count  int `json:"count"`
	Errors int `json:"errors"`
	// Rate is in spans per second, over the time of the map.
	Rate float64 `json:"ratePerSecond"`
	// Wait is the time in the queue and Work that of the consumer, or of the service that answers.
	Wait *Quantiles `json:"wait,omitempty"`
	Work *Quantiles `json:"work,omitempty"`
}

// Quantiles are the median and the 95th percentile. In JSON they are numbers of milliseconds.
type Quantiles struct {
	P50 time.Duration `json:"p50Ms"`
	P95 time.Duration `json:"p95Ms"`
}

// NewMap folds the spans of many traces into a map. Edges are sorted by the service that they come from, what they carry and
// where they lead.
func NewMap(t *Tree) Map {
	m := Map{Traces: t.traceCount(), Services: []string{}, Edges: []Edge{}}
	if len(t.Roots) == 0 {
		return m
	}
	_, m.Services, m.From, m.To = sum(t.Roots)
	d := cartographer{causes: newCauses(t), edges: map[edgeKey]*traffic{}}
	t.Walk(func(n *Node, _ int) { d.add(n) })
	for k, e := range d.edges {
		m.Edges = append(m.Edges, e.edge(k, m.To.Sub(m.From)))
	}
	slices.SortFunc(m.Edges, func(a, b Edge) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.What, b.What), strings.Compare(a.Queue, b.Queue),
			strings.Compare(a.Exchange, b.Exchange), strings.Compare(a.To, b.To))
	})
	return m
}

type edgeKey struct{ from, to, what, exchange, queue string }

type traffic struct {
	waits, works  []time.Duration
	count, errors int
}

type cartographer struct {
	*causes
	edges map[edgeKey]*traffic
}

func (c *cartographer) add(n *Node) {
	switch {
	case n.isProcess():
		m := n.message()
		from := "" // the sender's span is missing
		if cause := c.of(n); cause != nil {
			from = cause.Service
		}
		e := c.edge(edgeKey{from, printable(n.Service), m.Subject(), m.Exchange, m.Queue}, n)
		if wait := n.Waited(); wait.Known {
			e.waits = append(e.waits, wait.Time)
		}
		e.works = append(e.works, n.Duration)
	case n.Kind == KindServer:
		from := outside
		if cause := c.of(n); cause != nil {
			from = cause.Service
		}
		e := c.edge(edgeKey{from: from, to: printable(n.Service), what: n.Name}, n)
		e.works = append(e.works, n.Duration)
	case c.unhandled(n):
		m := n.message()
		c.edge(edgeKey{from: n.Service, what: m.Subject(), exchange: m.Exchange}, n)
	}
}

func (c *cartographer) edge(k edgeKey, n *Node) *traffic {
	k.from, k.what = printable(k.from), printable(k.what)
	e := c.edges[k]
	if e == nil {
		e = &traffic{}
		c.edges[k] = e
	}
	e.count++
	if n.failed() {
		e.errors++
	}
	return e
}

func (e *traffic) edge(k edgeKey, over time.Duration) Edge {
	return Edge{
		From: k.from, To: k.to, What: k.what, Exchange: k.exchange, Queue: k.queue,
		Count: e.count, Errors: e.errors, Rate: float64(e.count) / max(over.Seconds(), 1),
		Wait: quantiles(e.waits), Work: quantiles(e.works),
	}
}
