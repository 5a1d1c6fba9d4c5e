package otelamqp

import (
	"context"
	"fmt"
)

// BatchError is the error of [Publisher.PublishBatch].
type BatchError struct {
	// Errors has one entry for each message of the batch, in the order of the batch. It is nil for a message that
	// succeeded.
	Errors []error
}

// Error returns the number of failed messages and the first error.
func (e *BatchError) Error() string {
	failed := e.Unwrap()
	return fmt.Sprintf("otelamqp: %d of %d messages failed: %v", len(failed), len(e.Errors), failed[0])
}

// Unwrap returns the errors of the failed messages.
func (e *BatchError) Unwrap() []error {
	var failed []error
	for _, err := range e.Errors {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// PublishBatch publishes the messages one after the other and then waits for all confirms. Each message has its own
// send span, because AMQP sends each message alone. A failed message does not stop the others. If any failed, the
// error is a *BatchError.
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
