package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"

	"github.com/XSAM/otelsql"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"modernc.org/sqlite"

	"traceria/telemetry"
)

// instrumentation makes the spans of single statements, named "INSERT orders"
// (https://opentelemetry.io/docs/specs/semconv/db/database-spans/#name), and the metrics of all of them.
func instrumentation(tel *telemetry.Telemetry, attributes []attribute.KeyValue) []otelsql.Option {
	return []otelsql.Option{
		otelsql.WithTracerProvider(tel.TracerProvider),
		otelsql.WithMeterProvider(tel.MeterProvider),
		otelsql.WithAttributes(attributes...),
		otelsql.WithSpanNameFormatter(func(_ context.Context, method otelsql.Method, query string) string {
			operation, table := methodSummary(method, query)
			return statement{operation: operation, table: table}.name()
		}),
		otelsql.WithAttributesGetter(func(_ context.Context, method otelsql.Method, query string, _ []driver.NamedValue) []attribute.KeyValue {
			return statementAttributes(methodSummary(method, query))
		}),
		otelsql.WithSpanErrorAttributesGetter(errorAttributes),
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true,
			OmitConnPrepare:      true,
			OmitRows:             true,
			OmitConnectorConnect: true,
			DisableErrSkip:       true, // the driver asks for another way; nothing failed
			SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
				return statementSpan(ctx)
			},
		}),
	}
}

func statementAttributes(operation, table string) []attribute.KeyValue {
	attributes := []attribute.KeyValue{
		semconv.DBOperationName(operation), semconv.DBQuerySummary(statement{operation: operation, table: table}.name()),
	}
	if table != "" {
		attributes = append(attributes, semconv.DBCollectionName(table))
	}
	return attributes
}

// errorAttributes returns error.type and, if the database answered, db.response.status_code: SQLite's result code
// (https://www.sqlite.org/rescode.html) or PostgreSQL's SQLSTATE.
func errorAttributes(err error) []attribute.KeyValue {
	if errors.Is(err, driver.ErrSkip) {
		return nil
	}
	if code := statusCode(err); code != "" {
		return []attribute.KeyValue{semconv.ErrorTypeKey.String(code), semconv.DBResponseStatusCode(code)}
	}
	for known, name := range namedErrors {
		if errors.Is(err, known) {
			return []attribute.KeyValue{semconv.ErrorTypeKey.String(name)}
		}
	}
	return []attribute.KeyValue{semconv.ErrorType(err)}
}

// namedErrors are errors whose Go type says nothing.
var namedErrors = map[error]string{
	errPanic: "panic", context.DeadlineExceeded: "timeout", context.Canceled: "canceled",
}

func statusCode(err error) string {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return strconv.Itoa(lite.Code())
	}
	if postgres, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgres.Code
	}
	return ""
}

// methodSummary returns the operation of a call of the driver and its table, or "".
func methodSummary(method otelsql.Method, query string) (operation, table string) {
	switch method {
	case otelsql.MethodConnBeginTx:
		return "BEGIN", ""
	case otelsql.MethodTxCommit:
		return "COMMIT", ""
	case otelsql.MethodTxRollback:
		return "ROLLBACK", ""
	}
	if query == "" {
		return string(method), ""
	}
	return summary(query)
}
