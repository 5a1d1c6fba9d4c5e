package journeys

import (
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

const (
	maxRowTraces = 20
	maxRowNames  = 50
	maxStages    = 64
)

// facts are what the state of a journey is made from, beside the time.
type facts struct {
	grave   State  // the gravest state that its messages and its first span tell
	place   *Where // of the gravest message
	last    Where  // the service of the last span
	pending bool   // a message waits, or comes again
	file    bool
	// waits are the messages in queues, at most maxWaits.
	waits []waitIn
	// sends are the destinations that no Options.Routing knows.
	sends []destination
}

type waitIn struct {
	queue string
	since time.Time
}

// maxWaits is the most waiting messages of a journey that count for the oldest one of their queue.
const maxWaits = 32

// computation works out a row from the spans of a journey.
type computation struct {
	row      *Row
	facts    facts
	nodes    []*tracetree.Node // by start
	above    map[*tracetree.Node]*tracetree.Node
	messages []tracetree.Message
	routing  tracetree.Routing
}

// compute returns the row without its version and state.
func (s *Store) compute(spans []tracetree.Span, routing tracetree.Routing) (*Row, facts) {
	tree := tracetree.Build(spans)
	c := &computation{row: &Row{}, above: map[*tracetree.Node]*tracetree.Node{}, routing: routing, messages: tree.Messages(routing)}
	tree.Walk(func(n *tracetree.Node, _ int) {
		c.nodes = append(c.nodes, n)
		for _, child := range n.Children {
			c.above[child] = n
		}
	})
	slices.SortFunc(c.nodes, func(a, b *tracetree.Node) int { return before(&a.Span, &b.Span) })
	c.learned(&s.routes)
	c.overview()
	c.times()
	c.states()
	c.lists()
	return c.row, c.facts
}

// routed reports whether Options.Routing knows where a message goes.
func (c *computation) routed(exchange, key string) bool {
	return c.routing.Routes != nil && len(c.routing.Routes(exchange, key)) > 0
}

// learned decides by the learned routes which messages wait that no Options.Routing knows: those that no span has handled.
func (c *computation) learned(r *routes) {
	handled := map[string]bool{}
	kept := c.messages[:0]
	for _, m := range c.messages {
		if m.State == tracetree.Queued && len(m.Attempts) == 0 && !c.routed(m.Exchange, m.RoutingKey) {
			continue // added again below, if a consumer of its destination is known
		}
		kept = append(kept, m)
		handled[m.ID] = true
	}
	c.messages = kept
	for _, n := range c.nodes {
		m, is := n.Messaging()
		if !is || !n.Sends() || failed(&n.Span) || c.routed(m.Exchange, m.RoutingKey) {
			continue
		}
		id := m.MessageID
		if id == "" {
			id = n.TraceID + "-" + n.SpanID // as tracetree.Messages names it
		}
		if handled[id] {
			continue
		}
		handled[id] = true
		d := destinationOf(m)
		if len(c.facts.sends) < maxRowNames && !slices.Contains(c.facts.sends, d) {
			c.facts.sends = append(c.facts.sends, d)
		}
		for _, queue := range r.to(d, n.Start) {
			c.messages = append(c.messages, tracetree.Message{
				ID: id, Exchange: m.Exchange, RoutingKey: m.RoutingKey, Topic: m.Topic, Queue: queue, Producer: n.Service,
				State: tracetree.Queued, Since: n.End(),
			})
		}
	}
}

// overview fills in what a single pass over the spans tells.
func (c *computation) overview() {
	r := c.row
	for i, n := range c.nodes {
		if i == 0 {
			r.Root, r.Start = shortened(n.Name), n.Start
		}
		if end := n.End(); i == 0 || end.After(r.End) {
			r.End = end
			c.facts.last = Where{Kind: "service", Name: shortened(n.Service), Since: end}
		}
		if failed(&n.Span) {
			r.Errors++
		}
		if r.Customer == "" {
			r.Customer = shortened(first(&n.Span, customerKeys...))
		}
		if r.Number == "" {
			r.Number = shortened(first(&n.Span, numberKey))
		}
		if n.Attributes[redriveKey] == true {
			r.Redriven++
		}
		if len(r.Traces) < maxRowTraces && !slices.Contains(r.Traces, n.TraceID) {
			r.Traces = append(r.Traces, n.TraceID)
		}
		r.Services = named(r.Services, n.Service)
		if m, is := n.Messaging(); is && (n.Sends() || n.Handles()) {
			r.Events = named(r.Events, m.Subject())
		}
		for _, key := range Failures(&n.Span) {
			r.Failures = named(r.Failures, key)
		}
	}
	r.Spans = len(c.nodes)
	r.DurationMS = ms(r.End.Sub(r.Start))
}

// named adds a name to a list.
func named(list []string, name string) []string {
	name = shortened(name)
	if name == "" || len(list) >= maxRowNames || slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// lists sorts what has no order of its own, and makes lists that are empty in JSON, not null.
func (c *computation) lists() {
	r := c.row
	slices.Sort(r.Failures)
	for _, list := range []*[]string{&r.Traces, &r.Services, &r.Events, &r.Failures} {
		if *list == nil {
			*list = []string{}
		}
		*list = slices.Clip(*list)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
