package inject

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker"
	"traceria/services/failure"
)

// deliveryAckEarly acks OrderBoxed before the work, and the process dies. Jaeger shows one process span of
// delivery.order-boxed that is settled with ack, without sends below it and without a second attempt.
func deliveryAckEarly(i *Injector, ctx context.Context, _ string, a *broker.Attempt, _ next) error {
	if err := a.Ack(); err != nil {
		return err
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("traceria.message.settled", "ack"))
	i.die(ctx, failure.DeliveryAckEarly, "the process dies after the ack and before the work")
	return nil
}
