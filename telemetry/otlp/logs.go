package otlp

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"traceria/telemetry/tracetree"
)

// Log is a log record.
type Log struct {
	At time.Time `json:"at"`
	// Severity is the text of the severity, as INFO, or "".
	Severity   string            `json:"severity,omitempty"`
	Body       string            `json:"body"`
	Attributes map[string]any    `json:"attributes,omitempty"`
	TraceID    tracetree.TraceID `json:"traceId,omitempty"`
	SpanID     tracetree.SpanID  `json:"spanId,omitempty"`
	Service    string            `json:"service,omitempty"`
}

// LogRecords returns the records of logs. A record without a time has the time at which it was observed.
func LogRecords(logs plog.Logs) []Log {
	shared := values{}
	records := make([]Log, 0, logs.LogRecordCount())
	for _, rl := range logs.ResourceLogs().All() {
		service := ""
		if value, ok := rl.Resource().Attributes().Get("service.name"); ok {
			service = name(value.AsString())
		}
		for _, sl := range rl.ScopeLogs().All() {
			for _, raw := range sl.LogRecords().All() {
				l := shared.log(raw)
				l.Service = service
				records = append(records, l)
			}
		}
	}
	return records
}

func (v values) log(raw plog.LogRecord) Log {
	at := raw.Timestamp()
	if at == 0 {
		at = raw.ObservedTimestamp()
	}
	severity := raw.SeverityText()
	if severity == "" && raw.SeverityNumber() != plog.SeverityNumberUnspecified {
		severity = raw.SeverityNumber().String()
	}
	l := Log{At: moment(at), Severity: name(severity), Attributes: v.attributes(raw.Attributes())}
	if !raw.TraceID().IsEmpty() {
		l.TraceID = v.id(raw.TraceID().String())
	}
	if !raw.SpanID().IsEmpty() {
		l.SpanID = v.id(raw.SpanID().String())
	}
	switch body := v.value(raw.Body(), maxDepth).(type) {
	case string:
		l.Body = body
	default:
		l.Body = text(raw.Body().AsString(), maxText)
	}
	return l
}

// Logs returns records as OTLP.
func Logs(records []Log) plog.Logs {
	logs := plog.NewLogs()
	var last string
	var scope plog.ScopeLogs
	for i, l := range records {
		if i == 0 || l.Service != last {
			resource := logs.ResourceLogs().AppendEmpty()
			resource.Resource().Attributes().PutStr("service.name", l.Service)
			scope = resource.ScopeLogs().AppendEmpty()
			last = l.Service
		}
		to := scope.LogRecords().AppendEmpty()
		to.SetTimestamp(pcommon.NewTimestampFromTime(l.At))
		to.SetSeverityText(l.Severity)
		to.Body().SetStr(l.Body)
		to.SetTraceID(traceID(l.TraceID))
		to.SetSpanID(spanID(l.SpanID))
		put(to.Attributes(), l.Attributes)
	}
	return logs
}
