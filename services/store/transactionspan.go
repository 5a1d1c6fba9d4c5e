package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of the span of a transaction for which the database conventions have no name. Times are milliseconds.
const (
	// waitKey is the time until the transaction had begun: the wait for a connection of the pool and for SQLite's lock.
	waitKey = attribute.Key("traceria.db.wait_ms")
	// commitKey is the time that the commit took. SQLite writes to the disk then.
	commitKey = attribute.Key("traceria.db.commit_ms")
	// statementsKey is the number of statements, without BEGIN and COMMIT.
	statementsKey = attribute.Key("traceria.db.statements")
	// operationsKey is the list of the statements, each as its operation and its table.
	operationsKey = attribute.Key("traceria.db.operations")
	// slowestKey names the slowest statement, and slowestTimeKey is its time. PostgreSQL waits for a row's lock there.
	slowestKey     = attribute.Key("traceria.db.slowest")
	slowestTimeKey = attribute.Key("traceria.db.slowest_ms")
	// groupKey is the number of transactions that shared the commit, if there were others, and groupWaitKey the time from the end of
	// this one until the commit began.
	groupKey     = attribute.Key("traceria.db.group")
	groupWaitKey = attribute.Key("traceria.db.group_ms")
	// runsKey is how often the transaction was run, if it met others.
	runsKey = attribute.Key("traceria.db.runs")
)

// errPanic is the error of a transaction in which the service's code panicked.
var errPanic = errors.New("the function that ran in the transaction panicked")

// transactionSpan is one span for a transaction over all its runs.
type transactionSpan struct {
	span       trace.Span
	open       bool // the last run has begun, and no commit was tried
	runs       int
	wait       time.Duration        // of all runs
	commit     time.Duration        // of the last run
	shared     []attribute.KeyValue // about the group of the last run
	statements []statement          // of the last run
}

// startTransactionSpan starts the span. It is no parent of what the transaction's function starts: it names the work of the database.
func (db *DB) startTransactionSpan(ctx context.Context) *transactionSpan {
	_, started := db.tracer.Start(ctx, "BEGIN", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(db.backend.attributes()...))
	return &transactionSpan{span: started}
}

// begun notes that a run has begun, unless err says that it could not, and forgets the statements of the run before.
func (s *transactionSpan) begun(asked time.Time, err error) {
	s.open = err == nil
	s.runs++
	s.wait += time.Since(asked)
	s.statements, s.commit, s.shared = s.statements[:0], 0, nil
}

func (s *transactionSpan) ran(query string, began time.Time) {
	one := summarized(query)
	one.took = time.Since(began)
	s.statements = append(s.statements, one)
}

func (s *transactionSpan) committed(ready time.Time, g *group, _ error) {
	s.open, s.commit, s.shared = false, time.Since(ready), g.shared(ready)
	if g != nil {
		s.commit = g.commit
	}
}

// rolledBack does nothing: the error of the span says why.
func (*transactionSpan) rolledBack(time.Time) {}

// end ends the span, once. A transaction that failed or was rolled back has an error status.
func (s *transactionSpan) end(err error) {
	if !s.span.IsRecording() {
		return
	}
	is := descriptionOf(s.statements)
	s.span.SetName(is.name)
	s.span.SetAttributes(s.measured(is.attributes)...)
	if err != nil {
		s.span.SetAttributes(errorAttributes(err)...)
		s.span.SetStatus(codes.Error, s.failure(err))
	}
	s.span.End()
}

// failure describes the error. Those of BEGIN and COMMIT say so themselves.
func (s *transactionSpan) failure(err error) string {
	if s.open {
		return "rolled back: " + brief(err.Error())
	}
	return brief(err.Error())
}

// inMilliseconds keeps three decimals: most waits and commits are shorter than a millisecond.
func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// measured returns the attributes of the span: those that all transactions with these statements have, and the times of this one.
func (s *transactionSpan) measured(fixed []attribute.KeyValue) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, len(fixed)+7)
	attributes = append(append(attributes, fixed...), waitKey.Float64(inMilliseconds(s.wait)))
	if len(s.statements) > 0 {
		slowest := slices.MaxFunc(s.statements, func(a, b statement) int { return cmp.Compare(a.took, b.took) })
		attributes = append(attributes, slowestKey.String(slowest.name()), slowestTimeKey.Float64(inMilliseconds(slowest.took)))
	}
	if s.commit > 0 {
		attributes = append(attributes, commitKey.Float64(inMilliseconds(s.commit)))
	}
	attributes = append(attributes, s.shared...)
	if s.runs > 1 {
		attributes = append(attributes, runsKey.Int(s.runs))
	}
	return attributes
}
