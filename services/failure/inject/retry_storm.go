package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// retryStorm fails a ticket and requeues it at once, up to the queue's delivery limit of 100. Jaeger shows a hundred
// failed process spans without gaps.
func retryStorm(_ *Injector, ctx context.Context, _ string, _ *broker.Attempt, _ next) error {
	failure.Inject(ctx, failure.RetryStorm)
	return broker.Requeue(injected(ctx, failure.RetryStorm))
}
