package store

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Tracing chooses the spans that the database makes under the span of a request or a message (experiment trace.database).
type Tracing string

// The choices. Under each of them, an operation without a parent span makes no span.
const (
	// TraceTransactions makes one span for each transaction and one for each statement outside a transaction.
	TraceTransactions Tracing = "transactions"
	// TraceStatements makes one span for each statement, BEGIN, COMMIT and ROLLBACK included.
	TraceStatements Tracing = "statements"
	// TraceOff makes none.
	TraceOff Tracing = "off"
)

// tracing returns the choice for ctx. The relay and the pruning have no parent span: each of their statements would be a
// trace of its own, several in a second.
func (db *DB) tracing(ctx context.Context) Tracing {
	switch {
	case !trace.SpanContextFromContext(ctx).IsValid():
		return TraceOff
	case db.seams.Tracing == nil:
		return TraceTransactions
	default:
		return db.seams.Tracing(ctx)
	}
}

// spanlessKey marks a context in which a statement makes no span of its own.
type spanlessKey struct{}

func spanless(ctx context.Context) context.Context {
	return context.WithValue(ctx, spanlessKey{}, true)
}

// statementSpan tells whether a statement under ctx makes a span.
func statementSpan(ctx context.Context) bool {
	return trace.SpanContextFromContext(ctx).IsValid() && ctx.Value(spanlessKey{}) == nil
}

// statementContext returns the context of a statement outside a transaction.
func (db *DB) statementContext(ctx context.Context) context.Context {
	if db.tracing(ctx) == TraceOff {
		return spanless(ctx)
	}
	return ctx
}

// statementContext returns the context of a statement of the transaction.
func (tx *Tx) statementContext(ctx context.Context) context.Context {
	if tx.spanless {
		return spanless(ctx)
	}
	return ctx
}
