package store

import (
	"context"
	"database/sql/driver"
	"strings"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// instrumentation gives every statement that belongs to a request or a message a span named "INSERT orders"
// (https://opentelemetry.io/docs/specs/semconv/db/database-spans/#name). Statements of nobody, such as the
// relay's look into the outbox, make none: each would be a trace of its own, twice a second.
func instrumentation(tel *telemetry.Telemetry) []otelsql.Option {
	return []otelsql.Option{
		otelsql.WithTracerProvider(tel.TracerProvider),
		otelsql.WithMeterProvider(tel.MeterProvider),
		otelsql.WithAttributes(semconv.DBSystemNameSQLite),
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
		otelsql.WithSpanOptions(otelsql.SpanOptions{
			OmitConnResetSession: true,
			OmitConnPrepare:      true,
			OmitRows:             true,
			OmitConnectorConnect: true,
			RecordError:          func(error) bool { return false }, // the status says it; span events are being retired
			SpanFilter: func(ctx context.Context, _ otelsql.Method, _ string, _ []driver.NamedValue) bool {
				return trace.SpanContextFromContext(ctx).IsValid()
			},
		}),
	}
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
