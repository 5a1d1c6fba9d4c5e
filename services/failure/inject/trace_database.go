package inject

import (
	"context"

	"traceria/services/failure"
	"traceria/services/store"
)

// traceDatabase is the experiment trace.database: Jaeger shows a span for each transaction, for each statement, or none.
func traceDatabase(ctx context.Context) store.Tracing {
	if variant, on := failure.On(ctx, failure.TraceDatabase); on {
		return store.Tracing(variant)
	}
	return store.TraceTransactions
}
