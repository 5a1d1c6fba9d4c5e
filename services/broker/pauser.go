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

// pauser holds a subscription while what its handler needs is away. One message at a time tries whether it is back;
// the others wait, so that an outage costs one attempt every few seconds and not one for each message.
type pauser struct {
	mu      sync.Mutex
	paused  bool
	trying  bool
	until   time.Time
	delay   time.Duration
	changed chan struct{} // closed when any of these changes
}

func newPauser() *pauser { return &pauser{changed: make(chan struct{})} }

// hold waits until a message may be tried, or for the end of ctx, whose error it returns then.
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

// await waits for a change or, when nobody is trying, for the time to do so.
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

// pause begins or prolongs the pause. It returns true when it began.
func (p *pauser) pause() (began bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	began = !p.paused
	if began {
		p.delay = pauseFirst
	} else if !p.trying {
		return false // it failed beside the one that began the pause
	} else {
		p.delay = min(2*p.delay, pauseMax)
	}
	p.paused, p.trying, p.until = true, false, time.Now().Add(p.delay)
	p.announce()
	return began
}

// resume ends the pause. It returns true when there was one.
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

// release gives up a try that said nothing.
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
