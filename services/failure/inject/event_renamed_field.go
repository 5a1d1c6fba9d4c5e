package inject

import (
	"context"
	"encoding/json"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// eventRenamedField renames orderValue of OrderConfirmed v1 and turns off the consumer's validation. Jaeger shows no
// error. The customer gets no points.
func eventRenamedField(_ *Injector, _ context.Context, d *departure) {
	if d.Type != event.OrderConfirmedV1 {
		return
	}
	d.mark(failure.EventRenamedField, func(_ context.Context, e *event.Envelope, _ broker.Headers) {
		changeField(e, "orderValue", func(value json.RawMessage) (string, json.RawMessage) { return "totalValue", value })
	})
}

// eventRenamedFieldRead turns off the consumer's validation, so a missing field is zero.
func eventRenamedFieldRead(a *broker.Attempt, injected string) {
	if names(injected, failure.EventRenamedField) {
		a.Envelope.Unguarded = true
	}
}
