package store

import (
	"context"
	"time"
)

// spans makes the spans of one transaction over all its runs.
type spans interface {
	// begun is called when a run has begun, or could not (err). asked is the time at which it began to wait.
	begun(asked time.Time, err error)
	// ran is called after each statement.
	ran(query string, began time.Time)
	// committed is called after the commit, or when it failed (err). ready is the time at which the run itself was done. g is the
	// group that has ended, or nil for a commit of its own and if the result is not known.
	committed(ready time.Time, g *group, err error)
	// rolledBack is called after a rollback.
	rolledBack(ready time.Time)
	// end is called at the end of all runs. A second call does nothing.
	end(err error)
}

// startSpans starts the spans that are chosen for ctx. spanless says that the statements make no spans of their own.
func (db *DB) startSpans(ctx context.Context) (s spans, spanless bool) {
	switch db.tracing(ctx) {
	case TraceStatements:
		return &statementSpans{db: db, ctx: ctx}, false
	case TraceTransactions:
		return db.startTransactionSpan(ctx), true
	default:
		return noSpans{}, true
	}
}

// noSpans makes none.
type noSpans struct{}

func (noSpans) begun(time.Time, error)             {}
func (noSpans) ran(string, time.Time)              {}
func (noSpans) committed(time.Time, *group, error) {}
func (noSpans) rolledBack(time.Time)               {}
func (noSpans) end(error)                          {}
