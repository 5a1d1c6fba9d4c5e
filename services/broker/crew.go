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
		c.busy = map[*hand]struct{}{}
	}
	c.busy[h] = struct{}{}
	c.mu.Unlock()
	go func() {
		do()
		if c.leave(h) {
			late()
		}
	}()
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

// await waits until all handlers have returned, or until patience ends, and then calls abandon with each of the others.
func (c *crew) await(patience context.Context, abandon func(*hand)) {
	idle := c.closing()
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
