package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"github.com/XSAM/otelsql"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"

	"traceria/telemetry"
)

// instrumentation gives every statement that belongs to a request or a message a span named "INSERT orders"
// (https://opentelemetry.io/docs/specs/semconv/db/database-spans/#name). Statements of nobody, such as the
// relay's look into the outbox, make none: each would be a trace of its own, twice a second.
func instrumentation(tel *telemetry.Telemetry, attributes []attribute.KeyValue) []otelsql.Option {
	return []otelsql.Option{
		otelsql.WithTracerProvider(tel.TracerProvider),
		otelsql.WithMeterProvider(tel.MeterProvider),
		otelsql.WithAttributes(attributes...),
		otelsql.WithSpanNameFormatter(func(_ context.Context, method otelsql.Method, query string) string {
			operation, table := summary(method, query)
			return strings.TrimSpace(operation + " " + table)
		}),
		otelsql.WithAttributesGetter(func(_ context.Context, method otelsql.Method, query string, _ []driver.NamedValue) []attribute.KeyValue {
			operation, table := summary(method, query)
			attrs := []attribute.KeyValue{semconv.DBOperationName(operation)}
			if table != "" {
				attrs = append(attrs, semconv.DBCollectionName(table))
			}
			return attrs
		}),
		otelsql.WithSpanErrorAttributesGetter(errorAttributes),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true,
			OmitConnPrepare:      true,
			OmitRows:             true,
			OmitConnectorConnect: true,
			DisableErrSkip:       true, // the driver's way of saying "ask in another way"; nothing failed
			SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
				return trace.SpanContextFromContext(ctx).IsValid()
			},
		}),
	}
}

// errorAttributes are SQLite's result code (https://www.sqlite.org/rescode.html), PostgreSQL's SQLSTATE, or the kind of
// any other error.
func errorAttributes(err error) []attribute.KeyValue {
	if errors.Is(err, driver.ErrSkip) {
		return nil
	}
	var code string
	var lite *sqlite.Error
	var postgres *pgconn.PgError
	switch {
	case errors.As(err, &lite):
		code = strconv.Itoa(lite.Code())
	case errors.As(err, &postgres):
		code = postgres.Code
	default:
		return []attribute.KeyValue{semconv.ErrorType(err)}
	}
	return []attribute.KeyValue{semconv.ErrorTypeKey.String(code), semconv.DBResponseStatusCode(code)}
}

// summary is the operation and, where there is one, the table of a statement. It reads only the forms that
// this repository writes.
func summary(method otelsql.Method, query string) (operation, table string) {
	switch method {
	case otelsql.MethodConnBeginTx:
		return "BEGIN", ""
	case otelsql.MethodTxCommit:
		return "COMMIT", ""
	case otelsql.MethodTxRollback:
		return "ROLLBACK", ""
	}
	words := strings.Fields(query)
	if len(words) == 0 {
		return string(method), ""
	}
	operation = strings.ToUpper(words[0])
	for i, word := range words[:len(words)-1] {
		switch strings.ToUpper(word) {
		case "FROM", "INTO", "UPDATE":
			name, _, _ := strings.Cut(words[i+1], "(")
			return operation, name
		}
	}
	return operation, ""
}
