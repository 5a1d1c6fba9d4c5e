package tracetree

import "time"

// TraceID is a trace's id: 32 hexadecimal digits in lower case.
type TraceID = string

// SpanID is a span's id: 16 hexadecimal digits in lower case.
type SpanID = string

// The kinds of a span, as OpenTelemetry names them.
const (
	KindInternal = "internal"
	KindServer   = "server"
	KindClient   = "client"
	KindProducer = "producer"
	KindConsumer = "consumer"
)

// The values of [Span.Status]. The empty string means that no status was set, as on most spans that went well.
const (
	StatusOK    = "ok"
	StatusError = "error"
)

// Link points to another span, in the same trace or in another one.
type Link struct {
	TraceID TraceID `json:"traceId"`
	SpanID  SpanID  `json:"spanId"`
	// TraceState is the tracestate of the linked span (W3C Trace Context), as the link's sender wrote it.
	TraceState string `json:"traceState,omitempty"`
	// Attributes hold the same types as those of a span.
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Event is a span event: something that happened at one moment of a span.
type Event struct {
	Name       string         `json:"name"`
	At         time.Time      `json:"at"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Scope is the instrumentation scope of a span.
type Scope struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// Span is one ended span. In JSON, start is RFC 3339 with nanoseconds, and durationMs is a number of milliseconds.
type Span struct {
	TraceID TraceID `json:"traceId"`
	SpanID  SpanID  `json:"spanId"`
	// ParentID is the span id of the parent, which is in the same trace. A root has "".
	ParentID SpanID `json:"parentId,omitempty"`
	// TraceState is the tracestate of the span (W3C Trace Context): members in the form key=value, with commas between.
	TraceState string `json:"traceState,omitempty"`
	Name       string `json:"name"`
	// Kind is one of internal, server, client, producer, consumer.
	Kind string `json:"kind"`
	// Service is the service.name of the span's resource.
	Service  string        `json:"service"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"durationMs"`
	// Attributes hold string, bool, int64, float64, and []any of these.
	Attributes map[string]any `json:"attributes,omitempty"`
	Links      []Link         `json:"links,omitempty"`
	// Status is "", ok or error.
	Status        string `json:"status,omitempty"`
	StatusMessage string `json:"statusMessage,omitempty"`
	// Resource has the attributes of the resource. The spans of one resource share the map. It is not in JSON.
	Resource map[string]any `json:"-"`
	Scope    Scope          `json:"-"`
	// Events are the span events, by time. They are not in JSON.
	Events []Event `json:"-"`
}

// End returns the time at which the span ended.
func (s Span) End() time.Time { return s.Start.Add(s.Duration) }

// key identifies a span among the spans of all traces.
type key struct {
	trace TraceID
	span  SpanID
}

func (s Span) key() key       { return key{s.TraceID, s.SpanID} }
func (s Span) parentKey() key { return key{s.TraceID, s.ParentID} }
func (l Link) key() key       { return key{l.TraceID, l.SpanID} }
