package event

import "context"

// Receipt identifies the event that a context handles, and the subscription that received it.
type Receipt struct {
	// Subscription is the queue's name. Each subscription handles an event once.
	Subscription string
	// EventID is the id of the fact. All versions of one fact share it.
	EventID string
	// Identity tells the event from all others.
	Identity Identity
}

type receiptKey struct{}

// WithReceipt returns a context for handling e, received by a subscription. New events in this context have e as their cause,
// and the store's inbox records e.
func WithReceipt(ctx context.Context, subscription string, e Envelope) context.Context {
	return context.WithValue(ctx, receiptKey{}, Receipt{Subscription: subscription, EventID: e.Metadata.EventID, Identity: e.Identity()})
}

// ReceiptOf returns the receipt that [WithReceipt] put into ctx. ok is false if ctx handles no event.
func ReceiptOf(ctx context.Context) (r Receipt, ok bool) {
	r, ok = ctx.Value(receiptKey{}).(Receipt)
	return r, ok
}
