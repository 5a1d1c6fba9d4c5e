package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// malformed has an invalid trace id (https://www.w3.org/TR/trace-context/#traceparent-header).
const malformed = "00-not-a-trace-id-at-all-01"

// traceMalformed writes an invalid traceparent. Jaeger shows a trace that ends at the send and a new trace per
// consumer.
func traceMalformed(_ *Injector, _ context.Context, d *departure) {
	d.mark(failure.TraceMalformed, func(_ context.Context, e *event.Envelope, headers broker.Headers) {
		setTraceparent(e, headers, malformed)
	})
}

func setTraceparent(e *event.Envelope, headers broker.Headers, value string) {
	headers[traceparent] = value
	e.Metadata.Set(traceparent, value)
}

const traceparent = "traceparent"
