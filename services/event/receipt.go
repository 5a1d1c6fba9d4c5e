package event

import "context"

// Receipt says which event a context handles, and for which subscription.
type Receipt struct {
	// Subscription is the queue's name: the same event is handled once by each.
	Subscription string
	// EventID is the id of the fact. All versions of one fact share it.
	EventID string
}

type receiptKey struct{}

// WithReceipt returns a context in which e, received by a subscription, is handled: new events are caused by
// it, and the store's inbox remembers it.
func WithReceipt(ctx context.Context, subscription string, e Envelope) context.Context {
	return context.WithValue(ctx, receiptKey{}, Receipt{Subscription: subscription, EventID: e.Metadata.EventID})
}

// ReceiptOf returns what [WithReceipt] put into ctx; ok is false when no event is being handled.
func ReceiptOf(ctx context.Context) (r Receipt, ok bool) {
	r, ok = ctx.Value(receiptKey{}).(Receipt)
	return r, ok
}
