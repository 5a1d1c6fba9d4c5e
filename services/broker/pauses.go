package broker

import (
	"math/rand/v2"
	"time"
)

const (
	backOffFirst = 100 * time.Millisecond
	backOffMax   = 3 * time.Second // a broker that is back is found soon
)

// pauses are those between tries that fail one after the other: each is twice as long as the one before, up to the most.
type pauses struct{ most, last time.Duration }

// next is the next pause, spread by half: many who lost the same broker do not all come back at once.
func (p *pauses) next() time.Duration {
	p.last = min(max(2*p.last, backOffFirst), p.most)
	return p.last/2 + rand.N(p.last)
}

// after begins anew if what began then had worked for a while.
func (p *pauses) after(began time.Time) {
	if time.Since(began) > p.most {
		p.last = 0
	}
}
