package otelamqp

import (
	"slices"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// A lane is a goroutine that ends the spans of confirmations for which the program does not wait. Each destination has
// a lane, because confirms from one queue arrive in the order of publishing, and confirms from different queues do
// not. A goroutine for each message would cost more than its span.
type lane struct {
	publisher *Publisher
	wake      chan struct{} // capacity 1; signals that arrived has entries
	mu        sync.Mutex
	arrived   []*Confirmation
	ended     bool
}

// laneKey separates persistent from transient messages, because a queue confirms persistent messages later.
type laneKey struct {
	dest       *destination
	persistent bool
}

const (
	// maxLanes bounds the number of goroutines. Further destinations share one lane.
	maxLanes = 256
	// sweepInterval is the maximum delay of a span end if a confirm arrives before that of an older message in its
	// lane.
	sweepInterval = 5 * time.Millisecond
)

// watch makes a lane resolve c when its answer arrives, the channel is lost or the confirm times out.
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

// add appends c. It returns false if the lane has ended with the channel.
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
	var waiting []*Confirmation // oldest first
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

// take appends the arrived confirmations to the waiting ones.
func (l *lane) take(waiting []*Confirmation) []*Confirmation {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting = append(waiting, l.arrived...)
	clear(l.arrived)
	l.arrived = l.arrived[:0]
	return waiting
}

// end resolves all confirmations, because no answer can arrive on a lost channel.
func (l *lane) end(waiting []*Confirmation) {
	l.mu.Lock()
	waiting = append(waiting, l.arrived...)
	l.arrived, l.ended = nil, true
	l.mu.Unlock()
	for _, c := range waiting {
		c.settle()
	}
}

// settleOldest resolves the answered confirmations before the first unanswered one. The broker often confirms many
// messages at once.
func settleOldest(waiting []*Confirmation) []*Confirmation {
	n := 0
	for n < len(waiting) && waiting[n].answered() {
		waiting[n].settle()
		n++
	}
	return slices.Delete(waiting, 0, n)
}

// settleAny resolves all confirmations that are answered or overdue.
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

// settle resolves c by its answer, unless Wait has already resolved it.
func (c *Confirmation) settle() {
	c.mu.Lock()
	resolved := c.resolved
	c.mu.Unlock()
	if !resolved {
		_ = c.resolve(c.publisher.outcome(c)) // the error is kept for Wait
	}
}

// deadline is the time at which c fails with ErrConfirmTimeout.
func (c *Confirmation) deadline() time.Time { return c.start.Add(c.publisher.cfg.confirmTimeout) }

// timer returns a timer that fires after d. Timers are reused, because each message needs one. Each Publisher has its
// own pool, because a timer of one testing/synctest bubble cannot be used in another.
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
