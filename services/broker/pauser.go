package broker

import (
	"context"
	"sync"
	"time"
)

const (
	pauseFirst = 200 * time.Millisecond
	pauseMax   = 5 * time.Second
)

// pauser stops a subscription while something that its handler needs is unavailable. One message at a time is tried, every
// few seconds; the others wait.
type pauser struct {
	mu      sync.Mutex
	paused  bool
	trying  bool
	until   time.Time
	delay   time.Duration
	changed chan struct{} // closed when any of these changes
}

func newPauser() *pauser { return &pauser{changed: make(chan struct{})} }

// hold waits until a message may be tried. It returns the error of ctx when ctx ends first.
func (p *pauser) hold(ctx context.Context) error {
	for {
		p.mu.Lock()
		if !p.paused {
			p.mu.Unlock()
			return ctx.Err()
		}
		left := time.Until(p.until)
		if left <= 0 && !p.trying {
			p.trying = true
			p.mu.Unlock()
			return ctx.Err()
		}
		changed := p.changed
		p.mu.Unlock()
		if err := p.await(ctx, changed, left); err != nil {
			return err
		}
	}
}

// await waits for a change, or until the next try is due.
func (p *pauser) await(ctx context.Context, changed <-chan struct{}, left time.Duration) error {
	var due <-chan time.Time
	if left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-changed:
		return nil
	case <-due:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause begins or prolongs the pause. It reports whether the pause began.
func (p *pauser) pause() (began bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	began = !p.paused
	if began {
		p.delay = pauseFirst
	} else if !p.trying {
		return false // it failed at the same time as the message that began the pause
	} else {
		p.delay = min(2*p.delay, pauseMax)
	}
	p.paused, p.trying, p.until = true, false, time.Now().Add(p.delay)
	p.announce()
	return began
}

// resume ends the pause. It reports whether there was one.
func (p *pauser) resume() (ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ended = p.paused
	if ended {
		p.paused, p.trying = false, false
		p.announce()
	}
	return ended
}

// release ends a try that had no result.
func (p *pauser) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trying = false
	p.announce()
}

func (p *pauser) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}
