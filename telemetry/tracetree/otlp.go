package tracetree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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
			Scope Scope      `json:"scope"`
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
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		TraceState string          `json:"traceState"`
		Attributes []otlpAttribute `json:"attributes"`
	} `json:"links"`
	Events []struct {
		Name       string          `json:"name"`
		At         otlpInt         `json:"timeUnixNano"`
		Attributes []otlpAttribute `json:"attributes"`
	} `json:"events"`
	Status struct {
		Code    otlpEnum `json:"code"`
		Message string   `json:"message"`
	} `json:"status"`
}

// ReadOTLP reads spans in OTLP's JSON encoding, as Jaeger's query API and a Collector's file exporter write them: one or more
// documents with resourceSpans, one after the other or in a list.
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
		var documents otlpDocuments
		err := decoder.Decode(&documents)
		if errors.Is(err, io.EOF) {
			return spans, nil
		}
		for _, document := range documents {
			if err == nil {
				spans, err = document.appendTo(spans)
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// otlpDocuments is one document or a list of them.
type otlpDocuments []otlpDocument

func (d *otlpDocuments) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return json.Unmarshal(data, (*[]otlpDocument)(d))
	}
	*d = make(otlpDocuments, 1)
	return json.Unmarshal(data, &(*d)[0])
}

func (d otlpDocument) appendTo(spans []Span) ([]Span, error) {
	switch {
	case d.Error != nil:
		return nil, errors.New(printable(d.Error.Message))
	case d.Result != nil:
		return d.Result.appendTo(spans)
	default:
		return d.otlpTraces.appendTo(spans)
	}
}

func (t otlpTraces) appendTo(spans []Span) ([]Span, error) {
	for _, resource := range t.ResourceSpans {
		about := attributes(resource.Resource.Attributes)
		service, _ := about["service.name"].(string)
		for _, scope := range resource.ScopeSpans {
			for _, raw := range scope.Spans {
				span, err := raw.span(service)
				if err != nil {
					return nil, fmt.Errorf("span %q: %w", raw.Name, err)
				}
				span.Resource, span.Scope = about, scope.Scope
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
			TraceID: strings.ToLower(l.TraceID), SpanID: strings.ToLower(l.SpanID), TraceState: l.TraceState, Attributes: attributes(l.Attributes),
		})
	}
	for _, e := range o.Events {
		s.Events = append(s.Events, Event{Name: e.Name, At: time.Unix(0, int64(e.At)).UTC(), Attributes: attributes(e.Attributes)})
	}
	slices.SortStableFunc(s.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	return s, nil
}
