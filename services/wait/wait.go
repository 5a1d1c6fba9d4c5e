// Package wait waits with a context, and makes contexts that end later than another.
package wait

import (
	"context"
	"time"
)

// For waits until d is over or ctx ends. It returns nil in the first case and the error of ctx in the second.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Longer returns a context with the values of ctx that ends grace after ctx has ended. The caller must call stop, which ends
// it at once.
func Longer(ctx context.Context, grace time.Duration) (longer context.Context, stop context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { forget(); cancel() }
}
