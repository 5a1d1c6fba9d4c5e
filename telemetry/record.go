package telemetry

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// recordWriter turns zerolog's JSON lines into OpenTelemetry log records; there is no upstream bridge for zerolog. trace_id
// and span_id become those of the record, so that a log backend can join record and span.
type recordWriter struct{ logger log.Logger }

// Write implements io.Writer for lines without a level.
func (w *recordWriter) Write(line []byte) (int, error) { return w.WriteLevel(zerolog.NoLevel, line) }

// WriteLevel implements zerolog.LevelWriter. It sends a line that is not a JSON object unchanged.
func (w *recordWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	var record log.Record
	record.SetTimestamp(time.Now())
	record.SetSeverity(severities[level])
	record.SetSeverityText(level.String())
	fields := map[string]any{}
	if err := json.Unmarshal(line, &fields); err != nil {
		record.SetBody(attribute.StringValue(guard{longestText}.text(string(line))))
		w.logger.Emit(context.Background(), record)
		return len(line), nil //nolint:nilerr // the line was sent, only not as JSON
	}
	message, _ := fields[zerolog.MessageFieldName].(string)
	record.SetBody(attribute.StringValue(guard{longestText}.text(message)))
	ctx := spanContext(fields)
	for _, own := range []string{
		zerolog.MessageFieldName, zerolog.LevelFieldName, zerolog.TimestampFieldName, "trace_id", "span_id", "service",
	} {
		delete(fields, own)
	}
	for key, value := range fields {
		record.AddAttributes(attribute.KeyValue{Key: attribute.Key(key), Value: logValue(value)})
	}
	w.logger.Emit(ctx, record)
	return len(line), nil
}

var severities = map[zerolog.Level]log.Severity{
	zerolog.TraceLevel: log.SeverityTrace,
	zerolog.DebugLevel: log.SeverityDebug,
	zerolog.InfoLevel:  log.SeverityInfo,
	zerolog.WarnLevel:  log.SeverityWarn,
	zerolog.ErrorLevel: log.SeverityError,
	zerolog.FatalLevel: log.SeverityFatal,
	zerolog.PanicLevel: log.SeverityFatal4,
}

func spanContext(fields map[string]any) context.Context {
	traceHex, _ := fields["trace_id"].(string)
	spanHex, _ := fields["span_id"].(string)
	traceID, err := trace.TraceIDFromHex(traceHex)
	if err != nil {
		return context.Background()
	}
	spanID, err := trace.SpanIDFromHex(spanHex)
	if err != nil {
		return context.Background()
	}
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled})
	return trace.ContextWithSpanContext(context.Background(), sc)
}

// logValue converts a decoded JSON value. Objects and lists become JSON text.
func logValue(v any) attribute.Value {
	switch v := v.(type) {
	case string:
		return attribute.StringValue(v)
	case bool:
		return attribute.BoolValue(v)
	case float64:
		return attribute.Float64Value(v)
	default:
		text, _ := json.Marshal(v)
		return attribute.StringValue(string(text))
	}
}
