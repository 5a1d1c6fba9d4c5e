package broker

import (
	"context"
	"sync"
	"time"
)

// crew are the handlers that work on the deliveries of one channel.
type crew struct {
	mu   sync.Mutex
	busy map[*hand]struct{}
	// idle is closed when the last handler returns after await was called.
	idle chan struct{}
	// jobs leads to goroutines of earlier handlers, whose stacks have grown: growing a new one took 4% of a service's CPU time.
	jobs chan func()
}

// hand is one handler at work.
type hand struct {
	queue, conversation string
	since               time.Time
	abandoned           bool
}

// work runs do as a member of the crew. It calls late when the crew has abandoned do before it returned.
func (c *crew) work(h *hand, do func(), late func()) {
	c.mu.Lock()
	if c.busy == nil {
		c.busy, c.jobs = map[*hand]struct{}{}, make(chan func())
	}
	c.busy[h] = struct{}{}
	jobs := c.jobs
	c.mu.Unlock()
	job := func() {
		do()
		if c.leave(h) {
			late()
		}
	}
	select {
	case jobs <- job:
	default: // all goroutines are busy
		go func() {
			for ok := true; ok; job, ok = <-jobs {
				job()
				job = nil // with its delivery
			}
		}()
	}
}

func (c *crew) leave(h *hand) (abandoned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.busy, h)
	if len(c.busy) == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
	return h.abandoned
}

// await waits until all handlers have returned, or until patience ends, and then calls abandon with each of the others. The crew does
// no more work after that: its goroutines end.
func (c *crew) await(patience context.Context, abandon func(*hand)) {
	idle := c.closing()
	defer c.dismiss()
	select {
	case <-idle:
		return
	case <-patience.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = nil
	for h := range c.busy {
		h.abandoned = true
		abandon(h)
	}
}

// dismiss lets each goroutine end when its handler returns.
func (c *crew) dismiss() {
	if c.jobs != nil {
		close(c.jobs)
	}
}

// closing returns a channel that is closed when no handler works.
func (c *crew) closing() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := make(chan struct{})
	if len(c.busy) == 0 {
		close(idle)
		return idle
	}
	c.idle = idle
	return idle
}
