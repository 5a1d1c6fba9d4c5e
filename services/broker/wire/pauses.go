package wire

import (
	"cmp"
	"math/rand/v2"
	"time"
)

const (
	pauseFirst = 100 * time.Millisecond
	pauseMost  = 3 * time.Second
)

// Pauses is an exponential back-off between failed attempts. The zero value grows up to three seconds, after which a
// broker that returns is still found soon.
type Pauses struct {
	// Most is the longest pause before jitter; 0 means three seconds.
	Most time.Duration

	last time.Duration
}

// Next is the next pause, with a jitter of half of it: clients that lost the same broker do not return all at once.
func (p *Pauses) Next() time.Duration {
	p.last = min(max(2*p.last, pauseFirst), p.most())
	return p.last/2 + rand.N(p.last)
}

// After resets the back-off when the attempt that began then lasted longer than the longest pause.
func (p *Pauses) After(began time.Time) {
	if time.Since(began) > p.most() {
		p.last = 0
	}
}

func (p *Pauses) most() time.Duration { return cmp.Or(p.Most, pauseMost) }
