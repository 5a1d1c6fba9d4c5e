package otlp

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"traceria/telemetry/tracetree"
)

// ErrBusy is returned by a sink that has no room at the moment. The sender gets 503 with Retry-After and comes again.
var ErrBusy = errors.New("busy: send the request again later")

// ErrUnreadable is wrapped by errors about bytes that are no spans. The text says what was expected.
var ErrUnreadable = errors.New("unreadable")

// ErrTooLarge is wrapped by errors about input beyond the limit.
var ErrTooLarge = errors.New("too large")

// Refused says how many spans or log records were not taken, and why. The sender reads it as OTLP's partial success.
type Refused struct {
	Count  int
	Reason string
}

func (r Refused) and(other Refused) Refused {
	r.Count += other.Count
	if other.Reason != "" {
		r.Reason = other.Reason
	}
	return r
}

// Encoding is an encoding of OTLP.
type Encoding int

// The encodings of OTLP/HTTP.
const (
	Protobuf Encoding = iota
	JSON
)

func (e Encoding) String() string {
	if e == JSON {
		return "JSON"
	}
	return "protobuf"
}

// ReadTraces reads an ExportTraceServiceRequest. Its errors wrap [ErrUnreadable] or [ErrTooLarge].
func ReadTraces(body []byte, encoding Encoding) ([]tracetree.Span, Refused, error) {
	if _, err := inspect(body, encoding, traceRequest); err != nil {
		return nil, Refused{}, err
	}
	return decodeTraces(body, encoding)
}

func decodeTraces(body []byte, encoding Encoding) ([]tracetree.Span, Refused, error) {
	request := ptraceotlp.NewExportRequest()
	if err := decode(body, encoding, request.UnmarshalProto, request.UnmarshalJSON); err != nil {
		return nil, Refused{}, err
	}
	spans, refused := Spans(request.Traces())
	return spans, refused, nil
}

// ReadLogs reads an ExportLogsServiceRequest. Its errors wrap [ErrUnreadable] or [ErrTooLarge].
func ReadLogs(body []byte, encoding Encoding) ([]Log, error) {
	if _, err := inspect(body, encoding, logRequest); err != nil {
		return nil, err
	}
	return decodeLogs(body, encoding)
}

func decodeLogs(body []byte, encoding Encoding) ([]Log, error) {
	request := plogotlp.NewExportRequest()
	if err := decode(body, encoding, request.UnmarshalProto, request.UnmarshalJSON); err != nil {
		return nil, err
	}
	return LogRecords(request.Logs()), nil
}

func decode(body []byte, encoding Encoding, proto, json func([]byte) error) error {
	read := proto
	if encoding == JSON {
		read = json
	}
	if err := read(body); err != nil {
		return fmt.Errorf("%w as OTLP %s: %s", ErrUnreadable, encoding, text(err.Error(), 300))
	}
	return nil
}

// inspect returns about how many bytes the decoded request takes.
func inspect(body []byte, encoding Encoding, request message) (size int64, err error) {
	if encoding == JSON {
		return inspectJSON(body)
	}
	return inspectProto(body, request)
}

// MarshalJSON returns spans as one OTLP JSON document ({"resourceSpans":[…]}).
func MarshalJSON(spans []tracetree.Span) ([]byte, error) {
	var m ptrace.JSONMarshaler
	return m.MarshalTraces(Traces(spans))
}

// MarshalProto returns spans as one ExportTraceServiceRequest in protobuf.
func MarshalProto(spans []tracetree.Span) ([]byte, error) {
	var m ptrace.ProtoMarshaler
	return m.MarshalTraces(Traces(spans))
}
