package journeys

import (
	"cmp"
	"math"
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

// The kinds of a stay.
const (
	work    = "work"
	wait    = "wait"
	backOff = "backoff"
	dead    = "dead"
	outbox  = "outbox"
)

// leastOutbox is the shortest time between a span and the send below it that is shown.
const leastOutbox = time.Millisecond

// times fills in the waits, the back-offs, the work and the track.
func (c *computation) times() {
	for _, n := range c.nodes {
		switch {
		case n.Handles():
			c.handled(n)
		case n.Sends():
			c.sent(n)
		case c.above[n] == nil && n.Kind != tracetree.KindClient:
			c.worked(n)
		}
	}
	for i := range c.messages {
		c.lasting(&c.messages[i])
	}
	c.trim()
}

func (c *computation) worked(n *tracetree.Node) {
	c.row.WorkMS += ms(n.Duration)
	c.stay(work, n.Service, n.Start, n.End(), failed(&n.Span))
}

// handled adds an attempt at a message, with the back-off and the wait before it, in this order.
func (c *computation) handled(n *tracetree.Node) {
	m, _ := n.Messaging()
	queue := cmp.Or(m.Queue, m.Subject())
	if before := n.Before(); before != nil {
		took, _ := n.BackOff()
		kind := backOff
		if before.Settled() == "dead" {
			kind = dead
		} else {
			c.row.BackOffMS += ms(took)
		}
		c.stay(kind, queue, before.End(), before.End().Add(took), false)
	}
	if w := n.Queued(); w.Known {
		took := ms(w.Time)
		c.row.WaitMS += took
		if took > c.row.LongestWaitMS {
			c.row.LongestWaitMS, c.row.LongestWait = took, shortened(queue)
		}
		c.stay(wait, queue, n.Start.Add(-w.Time), n.Start, false)
	}
	c.worked(n)
}

// sent adds the time in the outbox: from the end of the span above, which stored the event, to the send.
func (c *computation) sent(n *tracetree.Node) {
	parent := c.above[n]
	if parent == nil || parent.Service != n.Service || n.Attributes[redriveKey] == true {
		return
	}
	if n.Start.Sub(parent.End()) >= leastOutbox {
		c.stay(outbox, n.Service, parent.End(), n.Start, failed(&n.Span))
	}
}

// lasting adds the stay of a message that has not ended.
func (c *computation) lasting(m *tracetree.Message) {
	kind, place := "", m.Queue
	switch m.State {
	case tracetree.Queued:
		kind = wait
	case tracetree.Retrying, tracetree.Requeued:
		kind = backOff
	case tracetree.Paused:
		kind, place = work, m.Consumer
	case tracetree.Dead:
		kind = dead
	case tracetree.Unsent:
		kind, place = outbox, m.Producer
	default:
		return
	}
	c.row.Track = append(c.row.Track, Stage{Kind: kind, Place: shortened(place), FromMS: c.offset(m.Since), ToMS: -1})
}

func (c *computation) stay(kind, place string, from, to time.Time, failed bool) {
	if to.Before(from) {
		to = from
	}
	c.row.Track = append(c.row.Track, Stage{Kind: kind, Place: shortened(place), FromMS: c.offset(from), ToMS: c.offset(to), Failed: failed})
}

// offset counts from the start of the journey. Told waits may reach back further.
func (c *computation) offset(at time.Time) float64 { return max(ms(at.Sub(c.row.Start)), 0) }

// trim keeps the longest stays, by start. The memory of a track has no room to grow.
func (c *computation) trim() {
	track := c.row.Track
	order := func(a, b Stage) int {
		return cmp.Or(cmp.Compare(a.FromMS, b.FromMS), cmp.Compare(a.length(), b.length()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Place, b.Place))
	}
	if len(track) > maxStages {
		slices.SortFunc(track, func(a, b Stage) int { return cmp.Or(cmp.Compare(b.length(), a.length()), order(a, b)) })
		track = track[:maxStages]
	}
	slices.SortStableFunc(track, order)
	c.row.Track = append(make([]Stage, 0, len(track)), track...)
}

func (g Stage) length() float64 {
	if g.ToMS < 0 {
		return math.MaxFloat64
	}
	return g.ToMS - g.FromMS
}
