package otlp

import (
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"traceria/telemetry/tracetree"
)

// Spans returns the spans of traces, and how many were refused because they have no trace id or no span id. Spans of one resource share
// the map of its attributes. Equal names and short values are shared too.
func Spans(traces ptrace.Traces) ([]tracetree.Span, Refused) {
	shared := values{}
	spans := make([]tracetree.Span, 0, traces.SpanCount())
	var refused Refused
	for _, rs := range traces.ResourceSpans().All() {
		resource := shared.attributes(rs.Resource().Attributes())
		service, _ := resource["service.name"].(string)
		service = name(service)
		for _, ss := range rs.ScopeSpans().All() {
			scope := tracetree.Scope{Name: name(ss.Scope().Name()), Version: name(ss.Scope().Version())}
			for _, raw := range ss.Spans().All() {
				if raw.TraceID().IsEmpty() || raw.SpanID().IsEmpty() {
					refused.Count++
					refused.Reason = fmt.Sprintf("a span has no trace id or no span id: %q", text(raw.Name(), 100))
					continue
				}
				s := shared.span(raw)
				s.Resource, s.Service, s.Scope = resource, service, scope
				spans = append(spans, s)
			}
		}
	}
	return spans, refused
}

var (
	kinds    = []string{tracetree.KindInternal, tracetree.KindInternal, tracetree.KindServer, tracetree.KindClient, tracetree.KindProducer, tracetree.KindConsumer}
	statuses = []string{"", tracetree.StatusOK, tracetree.StatusError}
)

// at returns the name of an enumeration's value. An unknown value gets the first name.
func at(names []string, value int32) string {
	if value < 0 || int(value) >= len(names) {
		return names[0]
	}
	return names[value]
}

func (v values) span(raw ptrace.Span) tracetree.Span {
	s := tracetree.Span{
		TraceID: v.id(raw.TraceID().String()), SpanID: v.id(raw.SpanID().String()), ParentID: v.id(raw.ParentSpanID().String()),
		TraceState: text(raw.TraceState().AsRaw(), maxName), Name: name(raw.Name()), Kind: at(kinds, int32(raw.Kind())),
		Attributes: v.attributes(raw.Attributes()),
		Status:     at(statuses, int32(raw.Status().Code())), StatusMessage: text(raw.Status().Message(), maxText),
	}
	s.Start, s.Duration = times(raw.StartTimestamp(), raw.EndTimestamp())
	for _, l := range raw.Links().All() {
		if len(s.Links) == maxLinks {
			break
		}
		s.Links = append(s.Links, tracetree.Link{
			TraceID: v.id(l.TraceID().String()), SpanID: v.id(l.SpanID().String()), TraceState: text(l.TraceState().AsRaw(), maxName),
			Attributes: v.attributes(l.Attributes()),
		})
	}
	for _, e := range raw.Events().All() {
		if len(s.Events) == maxEvents {
			break
		}
		s.Events = append(s.Events, tracetree.Event{Name: name(e.Name()), At: moment(e.Timestamp()), Attributes: v.attributes(e.Attributes())})
	}
	return s
}

// id shares the texts of ids, which repeat in parents and links.
func (v values) id(id string) string {
	shared, _ := v.text(id).(string)
	return shared
}

// times returns the start and the duration. A span that ends before it starts has no duration. A span without a start starts when it
// ends.
func times(start, end pcommon.Timestamp) (time.Time, time.Duration) {
	if start == 0 {
		start = end
	}
	from, to := moment(start), moment(end)
	return from, max(to.Sub(from), 0)
}

// moment limits a time to the range of int64, which ends in the year 2262.
func moment(t pcommon.Timestamp) time.Time {
	return time.Unix(0, int64(min(uint64(t), math.MaxInt64))).UTC()
}

// Traces returns spans as OTLP. Spans with the same resource and scope in a row share them. It leaves out spans whose ids are not those
// of OpenTelemetry.
func Traces(spans []tracetree.Span) ptrace.Traces {
	traces := ptrace.NewTraces()
	w := writer{traces: traces}
	for _, s := range spans {
		w.add(s)
	}
	return traces
}

type writer struct {
	traces   ptrace.Traces
	resource ptrace.ResourceSpans
	scope    ptrace.ScopeSpans
	last     *tracetree.Span
}

func (w *writer) add(s tracetree.Span) {
	traceID, spanID := traceID(s.TraceID), spanID(s.SpanID)
	if traceID.IsEmpty() || spanID.IsEmpty() {
		return
	}
	sameResource := w.last != nil && w.last.Service == s.Service && sameMap(w.last.Resource, s.Resource)
	if !sameResource {
		w.resource = w.traces.ResourceSpans().AppendEmpty()
		put(w.resource.Resource().Attributes(), s.Resource)
		if _, ok := s.Resource["service.name"]; !ok && s.Service != "" {
			w.resource.Resource().Attributes().PutStr("service.name", s.Service)
		}
	}
	if !sameResource || w.last.Scope != s.Scope {
		w.scope = w.resource.ScopeSpans().AppendEmpty()
		w.scope.Scope().SetName(s.Scope.Name)
		w.scope.Scope().SetVersion(s.Scope.Version)
	}
	w.last = &s
	to := w.scope.Spans().AppendEmpty()
	to.SetTraceID(traceID)
	to.SetSpanID(spanID)
	write(to, s)
}

func write(to ptrace.Span, s tracetree.Span) {
	to.SetParentSpanID(spanID(s.ParentID))
	to.TraceState().FromRaw(s.TraceState)
	to.SetName(s.Name)
	to.SetKind(ptrace.SpanKind(index(kinds[1:], s.Kind) + 1))
	to.SetStartTimestamp(pcommon.NewTimestampFromTime(s.Start))
	to.SetEndTimestamp(pcommon.NewTimestampFromTime(s.End()))
	to.Status().SetCode(ptrace.StatusCode(index(statuses, s.Status)))
	to.Status().SetMessage(s.StatusMessage)
	put(to.Attributes(), s.Attributes)
	for _, l := range s.Links {
		link := to.Links().AppendEmpty()
		link.SetTraceID(traceID(l.TraceID))
		link.SetSpanID(spanID(l.SpanID))
		link.TraceState().FromRaw(l.TraceState)
		put(link.Attributes(), l.Attributes)
	}
	for _, e := range s.Events {
		event := to.Events().AppendEmpty()
		event.SetName(e.Name)
		event.SetTimestamp(pcommon.NewTimestampFromTime(e.At))
		put(event.Attributes(), e.Attributes)
	}
}

func index(names []string, wanted string) int32 {
	for i, n := range names {
		if n == wanted {
			return int32(i)
		}
	}
	return 0
}

func traceID(id string) (out pcommon.TraceID) {
	if raw, err := hex.DecodeString(id); err == nil && len(raw) == len(out) {
		copy(out[:], raw)
	}
	return out
}

func spanID(id string) (out pcommon.SpanID) {
	if raw, err := hex.DecodeString(id); err == nil && len(raw) == len(out) {
		copy(out[:], raw)
	}
	return out
}
