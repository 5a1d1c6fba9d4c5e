package scenario

import (
	"context"
	"fmt"
)

// subscribe starts traceria subscribe with the rights of the operator, and waits until it consumes.
func (t *run) subscribe(ctx context.Context, s Step) error {
	cmd := t.System.Control.Command(context.WithoutCancel(ctx), watcher, "subscribe", s.Subscribe, "--event", s.Event, "--for", "2m", "--attached")
	g, err := join(ctx, cmd)
	if g != nil {
		t.guests = append(t.guests, g)
	}
	if err != nil {
		return fmt.Errorf("the subscriber: %w", err)
	}
	return nil
}
