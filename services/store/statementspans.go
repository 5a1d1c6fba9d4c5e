package store

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// statementSpans makes the spans of BEGIN, COMMIT and ROLLBACK for each run of a transaction. otelsql makes those of its statements.
// The spans begin when the transaction begins to wait, because with SQLite the statements themselves serve a whole group.
type statementSpans struct {
	db   *DB
	ctx  context.Context
	open bool // the run has begun, and has no end yet
}

func (s *statementSpans) begun(asked time.Time, err error) {
	s.open = err == nil
	s.made("BEGIN", asked, err)
}

func (*statementSpans) ran(string, time.Time) {}

func (s *statementSpans) committed(ready time.Time, g *group, err error) {
	s.ended("COMMIT", ready, err, g.shared(ready)...)
}

func (s *statementSpans) rolledBack(ready time.Time) { s.ended("ROLLBACK", ready, nil) }

func (*statementSpans) end(error) {}

// ended makes the span of the end of a run. A run has one end: a member of a group may be rolled back before its group is.
func (s *statementSpans) ended(operation string, began time.Time, err error, more ...attribute.KeyValue) {
	if s.open {
		s.open = false
		s.made(operation, began, err, more...)
	}
}

func (s *statementSpans) made(operation string, began time.Time, err error, more ...attribute.KeyValue) {
	_, span := s.db.tracer.Start(s.ctx, operation, trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(s.db.backend.attributes()...), trace.WithAttributes(statementAttributes(operation, "")...), trace.WithAttributes(more...))
	if err != nil {
		span.SetAttributes(errorAttributes(err)...)
		span.SetStatus(codes.Error, brief(err.Error()))
	}
	span.End()
}
