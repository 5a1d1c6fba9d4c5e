package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"traceria/services/pizzeria"
	"traceria/services/wait"
)

// readyPoll is the interval at which addresses asks a service whether it is ready.
const readyPoll = 50 * time.Millisecond

// addresses collects where the services of this process listen.
type addresses struct {
	mu    sync.Mutex
	known map[string]string
	all   chan struct{} // closed when every service is known
}

func newAddresses() *addresses {
	return &addresses{known: map[string]string{}, all: make(chan struct{})}
}

func (a *addresses) listening(service, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[service] = "http://" + address
	if len(a.known) == len(pizzeria.Services()) {
		close(a.all)
	}
}

// ready waits until every service is ready, and returns the address of the order service.
func (a *addresses) ready(ctx context.Context) (string, error) {
	select {
	case <-a.all:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	for name, address := range a.known {
		for {
			_, err := pizzeria.Ready(ctx, address)
			if err == nil {
				break
			}
			if wait.For(ctx, readyPoll) != nil {
				return "", fmt.Errorf("%s: %w: %w", name, context.Cause(ctx), err)
			}
		}
	}
	return a.known["order"], nil
}
