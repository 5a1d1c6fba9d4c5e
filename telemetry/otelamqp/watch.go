package otelamqp

import (
	"slices"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// A lane ends the spans of confirmations that nobody waits for. Confirms come in any order when messages go to different
// queues, but in the order of publishing when they go to the same ones: each destination has a lane of its own, a
// goroutine that waits for its oldest message. A goroutine for each message would be simpler and cost more than the span.
type lane struct {
	publisher *Publisher
	wake      chan struct{} // holds one: something is in arrived
	mu        sync.Mutex
	arrived   []*Confirmation
	ended     bool
}

// laneKey: persistent messages are confirmed later than transient ones of the same queue.
type laneKey struct {
	dest       *destination
	persistent bool
}

const (
	// maxLanes bounds the goroutines; further destinations share a lane.
	maxLanes = 256
	// sweepInterval is how much later a span ends whose confirm overtook that of an older message in its lane.
	sweepInterval = 5 * time.Millisecond
)

// watch has c resolved when its answer comes, when the channel is lost or when its time is over.
func (p *Publisher) watch(c *Confirmation) {
	if !p.laneOf(c).add(c) {
		c.settle() // the channel is lost
	}
}

func (p *Publisher) laneOf(c *Confirmation) *lane {
	p.lanesMu.RLock()
	found := p.lanes[c.lane]
	p.lanesMu.RUnlock()
	if found != nil {
		return found
	}
	p.lanesMu.Lock()
	defer p.lanesMu.Unlock()
	key := c.lane
	if len(p.lanes) >= maxLanes {
		key = laneKey{}
	}
	if found = p.lanes[key]; found == nil {
		found = &lane{publisher: p, wake: make(chan struct{}, 1)}
		p.lanes[key] = found
		go found.run()
	}
	return found
}

func newLaneKey(c *Confirmation, pub *amqp091.Publishing) laneKey {
	return laneKey{c.dest, pub.DeliveryMode == amqp091.Persistent}
}

// add reports false when the lane has ended with the channel.
func (l *lane) add(c *Confirmation) bool {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return false
	}
	l.arrived = append(l.arrived, c)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

func (l *lane) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var waiting []*Confirmation // the oldest first
	for {
		if len(waiting) == 0 {
			select {
			case <-l.wake:
			case <-l.publisher.lost:
				l.end(nil)
				return
			}
		}
		waiting = l.take(waiting)
		if len(waiting) == 0 {
			continue
		}
		oldest := waiting[0]
		timer.Reset(min(sweepInterval, max(0, time.Until(oldest.deadline()))))
		select {
		case <-oldest.dc.Done():
			waiting = settleOldest(waiting)
		case <-timer.C:
			waiting = settleAny(l.take(waiting), time.Now())
		case <-l.publisher.lost:
			l.end(waiting)
			return
		}
	}
}

// take moves what arrived behind what waits.
func (l *lane) take(waiting []*Confirmation) []*Confirmation {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting = append(waiting, l.arrived...)
	clear(l.arrived)
	l.arrived = l.arrived[:0]
	return waiting
}

// end resolves everything: the channel is lost, and nothing more will be answered.
func (l *lane) end(waiting []*Confirmation) {
	l.mu.Lock()
	waiting = append(waiting, l.arrived...)
	l.arrived, l.ended = nil, true
	l.mu.Unlock()
	for _, c := range waiting {
		c.settle()
	}
}

// settleOldest resolves what is answered up to the first that is not: the broker answers many messages at once.
func settleOldest(waiting []*Confirmation) []*Confirmation {
	n := 0
	for n < len(waiting) && waiting[n].answered() {
		waiting[n].settle()
		n++
	}
	return slices.Delete(waiting, 0, n)
}

// settleAny resolves whatever is answered or overdue.
func settleAny(waiting []*Confirmation, now time.Time) []*Confirmation {
	return slices.DeleteFunc(waiting, func(c *Confirmation) bool {
		switch {
		case c.answered():
			c.settle()
		case !now.Before(c.deadline()):
			_ = c.resolve(c.publisher.timeout()) // the error is kept for Wait
		default:
			return false
		}
		return true
	})
}

// settle resolves c by its answer, unless somebody who waits was faster.
func (c *Confirmation) settle() {
	c.mu.Lock()
	resolved := c.resolved
	c.mu.Unlock()
	if !resolved {
		_ = c.resolve(c.publisher.outcome(c)) // the error is kept for Wait
	}
}

// deadline is when c ends without an answer.
func (c *Confirmation) deadline() time.Time { return c.start.Add(c.publisher.cfg.confirmTimeout) }

// timer returns a timer that fires after d. They are used again, because waiting needs one for every message; each
// Publisher has its own, because a timer of one testing/synctest bubble is of no use in another.
func (p *Publisher) timer(d time.Duration) *time.Timer {
	if t, ok := p.timers.Get().(*time.Timer); ok {
		t.Reset(d)
		return t
	}
	return time.NewTimer(d)
}

func (p *Publisher) putTimer(t *time.Timer) {
	t.Stop()
	p.timers.Put(t)
}
