package otelamqp

import "time"

// maxIdleWatchers bounds the watchers that wait for work after a burst.
const maxIdleWatchers = 512

// watch has a goroutine wait for the outcome of c. Confirms come in any order, so each message under way has a
// watcher of its own: the span of a message ends when that message is confirmed. Watchers are used again, which saves
// the allocation that starting a goroutine costs.
func (p *Publisher) watch(c *Confirmation) {
	select {
	case p.work <- c:
	default:
		go p.watcher(c)
	}
}

func (p *Publisher) watcher(c *Confirmation) {
	timer := time.NewTimer(p.cfg.confirmTimeout)
	defer timer.Stop()
	for {
		select {
		case <-c.dc.Done():
			c.settle()
		case <-p.lost:
			c.settle()
		case <-timer.C:
			_ = c.resolve(p.timeout())
		}
		if p.idleWorkers.Add(1) > maxIdleWatchers {
			p.idleWorkers.Add(-1)
			return
		}
		select {
		case c = <-p.work:
			p.idleWorkers.Add(-1)
			timer.Reset(p.cfg.confirmTimeout)
		case <-p.lost:
			return
		}
	}
}

// settle resolves c, unless somebody who waits was faster.
func (c *Confirmation) settle() {
	c.mu.Lock()
	resolved := c.resolved
	c.mu.Unlock()
	if !resolved {
		_ = c.resolve(c.publisher.outcome(c)) // the error is kept for Wait
	}
}
