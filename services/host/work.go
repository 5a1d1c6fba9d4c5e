package host

import (
	"context"
	"math/rand/v2"
	"time"
)

// Work waits for a random time within takes, in place of real work. It returns the error of ctx when ctx ends first.
func Work(ctx context.Context, takes Span) error {
	timer := time.NewTimer(takes.Least + rand.N(takes.Most-takes.Least+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
