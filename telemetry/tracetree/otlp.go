package tracetree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// An answer of /api/v3/traces is OTLP JSON inside {"result": ...}: grpc-gateway sends each message of a stream in this form.
// There may be several such documents in a row, and an error among them.
type otlpDocument struct {
	Result *otlpTraces `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
	otlpTraces
}

// The names follow the JSON encoding of OTLP:
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
type otlpTraces struct {
	ResourceSpans []struct {
		Resource struct {
			Attributes []otlpAttribute `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []struct {
			Spans []otlpSpan `json:"spans"`
		} `json:"scopeSpans"`
	} `json:"resourceSpans"`
}

type otlpSpan struct {
	TraceID      string          `json:"traceId"`
	SpanID       string          `json:"spanId"`
	ParentSpanID string          `json:"parentSpanId"`
	TraceState   string          `json:"traceState"`
	Name         string          `json:"name"`
	Kind         otlpEnum        `json:"kind"`
	Start        otlpInt         `json:"startTimeUnixNano"`
	End          otlpInt         `json:"endTimeUnixNano"`
	Attributes   []otlpAttribute `json:"attributes"`
	Links        []struct {
		TraceID    string `json:"traceId"`
		SpanID     string `json:"spanId"`
		TraceState string `json:"traceState"`
	} `json:"links"`
	Status struct {
		Code    otlpEnum `json:"code"`
		Message string   `json:"message"`
	} `json:"status"`
}

// ReadOTLP reads spans in OTLP's JSON encoding, as Jaeger's query API and a Collector's file exporter write them: one or more
// documents with resourceSpans, one after the other.
func ReadOTLP(r io.Reader) ([]Span, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read spans: %w", err)
	}
	spans, err := decodeOTLP(body)
	if err != nil {
		return nil, fmt.Errorf("the spans are not OTLP JSON: %w", err)
	}
	return spans, nil
}

// decodeOTLP returns the spans of one answer.
func decodeOTLP(body []byte) ([]Span, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var spans []Span
	for {
		var document otlpDocument
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return spans, nil
		}
		if err != nil {
			return nil, err
		}
		if document.Error != nil {
			return nil, errors.New(printable(document.Error.Message))
		}
		traces := document.otlpTraces
		if document.Result != nil {
			traces = *document.Result
		}
		if spans, err = traces.appendTo(spans); err != nil {
			return nil, err
		}
	}
}

func (t otlpTraces) appendTo(spans []Span) ([]Span, error) {
	for _, resource := range t.ResourceSpans {
		service, _ := attributes(resource.Resource.Attributes)["service.name"].(string)
		for _, scope := range resource.ScopeSpans {
			for _, raw := range scope.Spans {
				span, err := raw.span(service)
				if err != nil {
					return nil, fmt.Errorf("span %q: %w", raw.Name, err)
				}
				spans = append(spans, span)
			}
		}
	}
	return spans, nil
}

func (o otlpSpan) span(service string) (Span, error) {
	s := Span{
		TraceID: strings.ToLower(o.TraceID), SpanID: strings.ToLower(o.SpanID), ParentID: strings.ToLower(o.ParentSpanID),
		TraceState: o.TraceState, Name: o.Name, Kind: o.Kind.name(kinds, "SPAN_KIND_"), Service: service,
		Start: time.Unix(0, int64(o.Start)).UTC(), Attributes: attributes(o.Attributes),
		Status: o.Status.Code.name(statuses, "STATUS_CODE_"), StatusMessage: o.Status.Message,
	}
	if !isHex(s.TraceID) || !isHex(s.SpanID) || s.ParentID != "" && !isHex(s.ParentID) {
		return Span{}, fmt.Errorf("an id is not hexadecimal: trace %q, span %q, parent %q", o.TraceID, o.SpanID, o.ParentSpanID)
	}
	if strings.Trim(s.ParentID, "0") == "" {
		s.ParentID = "" // protobuf's JSON may write all zeros for "no parent"
	}
	if o.End > o.Start {
		s.Duration = time.Duration(o.End - o.Start)
	}
	for _, l := range o.Links {
		s.Links = append(s.Links, Link{
			TraceID: strings.ToLower(l.TraceID), SpanID: strings.ToLower(l.SpanID), TraceState: l.TraceState,
		})
	}
	return s, nil
}

var (
	kinds    = []string{KindInternal, KindInternal, KindServer, KindClient, KindProducer, KindConsumer}
	statuses = []string{"", StatusOK, StatusError}
)

// otlpEnum is the value of an enumeration. OTLP sends numbers. Protobuf's own JSON sends names.
type otlpEnum string

func (e *otlpEnum) UnmarshalJSON(data []byte) error {
	*e = otlpEnum(strings.Trim(string(data), `"`))
	return nil
}

// name returns the name of the value. An unknown value gets the first name.
func (e otlpEnum) name(names []string, prefix string) string {
	if i, err := strconv.Atoi(string(e)); err == nil && i >= 0 && i < len(names) {
		return names[i]
	}
	short := strings.ToLower(strings.TrimPrefix(string(e), prefix))
	for _, name := range names {
		if name == short {
			return name
		}
	}
	return names[0]
}

// otlpInt is a 64-bit integer: a decimal string by the rule, and a number from some senders. A time after the year 2262,
// where int64 ends, becomes the largest int64.
type otlpInt int64

func (i *otlpInt) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		return nil
	}
	if value, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		*i = otlpInt(value)
		return nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) || math.Abs(value) >= 1<<63 {
		return fmt.Errorf("%s is not a 64-bit integer", data)
	}
	*i = otlpInt(value)
	return nil
}
