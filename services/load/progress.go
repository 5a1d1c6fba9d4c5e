package load

import (
	"sync"
	"time"
)

// Phase is what a load is doing.
type Phase string

// The phases, in their order.
const (
	WarmingUp Phase = "warm-up"
	Sending   Phase = "sending"
	Waiting   Phase = "waiting for deliveries"
	Reading   Phase = "reading traces"
)

// Progress is how far a load is. The counts are without the warm-up.
type Progress struct {
	Phase Phase
	// Elapsed counts from the beginning, Whole is the time of warm-up and sending.
	Elapsed, Whole                                        time.Duration
	Offered, Placed, Refused, Unsent, Delivered, UnderWay int
}

// tellEvery is the interval of the calls of Options.Progress.
const tellEvery = 500 * time.Millisecond

// tell calls Progress until the returned function is called.
func (r *run) tell() (end func()) {
	r.phase = Sending
	if r.plan.WarmUps() > 0 {
		r.phase = WarmingUp
	}
	if r.options.Progress == nil {
		return func() {}
	}
	over := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.options.Progress(r.progress())
			case <-over:
				return
			}
		}
	})
	return func() { close(over); group.Wait() }
}

func (r *run) enter(p Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = p
}

func (r *run) progress() Progress {
	r.mu.Lock()
	phase := r.phase
	r.mu.Unlock()
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	return Progress{
		Phase: phase, Elapsed: time.Since(r.began), Whole: r.options.WarmUp + r.options.Duration,
		Offered: r.ledger.offered, Placed: r.ledger.placed, Refused: r.ledger.refusals, Unsent: r.ledger.unsent,
		Delivered: r.ledger.delivered, UnderWay: len(r.ledger.open),
	}
}
