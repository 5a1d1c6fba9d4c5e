package otelamqp

import (
	"context"
	"fmt"
)

// BatchError says which messages of a batch were not stored and routed.
type BatchError struct {
	// Errors has one entry for each message of the batch, in its order: nil where all went well.
	Errors []error
}

// Error returns how many messages failed, and why the first did.
func (e *BatchError) Error() string {
	failed := e.Unwrap()
	return fmt.Sprintf("otelamqp: %d of %d messages failed: %v", len(failed), len(e.Errors), failed[0])
}

// Unwrap returns the errors of the messages that failed.
func (e *BatchError) Unwrap() []error {
	var failed []error
	for _, err := range e.Errors {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// PublishBatch publishes messages one after the other without waiting in between, then waits for all confirms. Each has
// a send span of its own, because AMQP sends each by itself, and one that AMQP cannot carry (ErrUnsendable) does not keep
// the others back. The error is a *BatchError when any failed.
func (p *Publisher) PublishBatch(ctx context.Context, batch []Message) error {
	result := &BatchError{Errors: make([]error, len(batch))}
	pending := make([]*Confirmation, len(batch))
	for i := range batch {
		pending[i], result.Errors[i] = p.PublishDeferred(ctx, batch[i])
	}
	for i, c := range pending {
		if c != nil {
			result.Errors[i] = c.Wait(ctx)
		}
	}
	if len(result.Unwrap()) == 0 {
		return nil
	}
	return result
}
