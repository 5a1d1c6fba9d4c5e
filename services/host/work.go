package host

import (
	"context"
	"math/rand/v2"

	"traceria/services/wait"
)

// Work waits for a random time within takes, in place of real work. It returns the error of ctx when ctx ends first.
func Work(ctx context.Context, takes Span) error {
	return wait.For(ctx, takes.Least+rand.N(takes.Most-takes.Least+1))
}
