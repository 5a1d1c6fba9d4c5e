package pace

import (
	"context"
	"sync"
	"time"

	"traceria/services/wait"
)

// Sender sends requests at the times of a plan.
type Sender struct {
	// InFlight is the largest number of requests at the same time.
	InFlight int
	// Patience is how late a request may be sent while InFlight others are on their way. After that it is not sent.
	Patience time.Duration
	// Send sends request n, which counts from 0, and returns when it is answered. A latency must count from intended.
	Send func(n int, intended time.Time)
	// Unsent is called instead of Send for a request that could not be sent in time.
	Unsent func(n int, intended time.Time)
}

// Run sends the requests of a plan until ctx ends, and returns when those that were sent are answered. The end of ctx does not
// end a request.
func (s Sender) Run(ctx context.Context, p Plan) {
	var group sync.WaitGroup
	defer group.Wait()
	room := make(chan struct{}, s.InFlight)
	began := time.Now()
	for n := range p.Count() {
		intended := began.Add(p.At(n))
		if until := time.Until(intended); until > 0 && wait.For(ctx, until) != nil {
			return
		}
		entered := s.enter(ctx, room, intended)
		switch {
		case ctx.Err() != nil:
			if entered {
				<-room
			}
			return
		case !entered:
			s.Unsent(n, intended)
		default:
			group.Go(func() {
				defer func() { <-room }()
				s.Send(n, intended)
			})
		}
	}
}

// enter waits for room, at most until the request is too late.
func (s Sender) enter(ctx context.Context, room chan<- struct{}, intended time.Time) bool {
	select {
	case room <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(time.Until(intended.Add(s.Patience)))
	defer timer.Stop()
	select {
	case room <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
