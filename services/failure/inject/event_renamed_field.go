package inject

import (
	"context"
	"encoding/json"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// eventRenamedField gives orderValue of OrderConfirmed v1 another name, and takes away the guard of whoever reads it.
// Jaeger shows no error at all; the customer has no points.
func eventRenamedField(_ *Injector, _ context.Context, d *departure) {
	if d.Type != event.OrderConfirmedV1 {
		return
	}
	d.mark(failure.EventRenamedField, func(_ context.Context, e *event.Envelope, _ broker.Headers) {
		changeField(e, "orderValue", func(value json.RawMessage) (string, json.RawMessage) { return "totalValue", value })
	})
}

// eventRenamedFieldRead is the reader's part: it takes the data as it comes, and what is missing is zero.
func eventRenamedFieldRead(a *broker.Attempt, injected string) {
	if names(injected, failure.EventRenamedField) {
		a.Envelope.Unguarded = true
	}
}
