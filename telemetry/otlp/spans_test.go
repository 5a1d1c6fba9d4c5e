package otlp

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"pgregory.net/rapid"

	"traceria/telemetry/tracetree"
)

const (
	aTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	aSpan  = "00f067aa0ba902b7"
)

var whole = tracetree.Span{
	TraceID: aTrace, SpanID: aSpan, ParentID: "00f067aa0ba902b8", TraceState: "a=b", Name: "send events:a", Kind: tracetree.KindProducer, Service: "order",
	Start: time.Date(2026, 10, 1, 12, 0, 0, 123456789, time.UTC), Duration: 3 * time.Millisecond,
	Attributes: map[string]any{"text": "ä", "yes": true, "count": int64(math.MaxInt64), "ratio": 0.5, "list": []any{"a", int64(1), []any{2.5}}, "empty": ""},
	Links:      []tracetree.Link{{TraceID: aTrace, SpanID: aSpan, TraceState: "c=d", Attributes: map[string]any{"why": "retry"}}},
	Status:     tracetree.StatusError, StatusMessage: "no",
	Resource: map[string]any{"service.name": "order", "host.name": "h"}, Scope: tracetree.Scope{Name: "scope", Version: "1"},
	Events: []tracetree.Event{{Name: "cut", At: time.Date(2026, 10, 1, 12, 0, 1, 0, time.UTC), Attributes: map[string]any{"n": int64(1)}}},
}

func TestASpanComesBackWhole(t *testing.T) {
	t.Parallel()
	other := whole
	other.SpanID, other.Service, other.Resource = "00f067aa0ba902b9", "kitchen", map[string]any{"service.name": "kitchen"}
	for encoding, marshal := range map[Encoding]func([]tracetree.Span) ([]byte, error){Protobuf: MarshalProto, JSON: MarshalJSON} {
		body, err := marshal([]tracetree.Span{whole, other, whole})
		if err != nil {
			t.Fatal(err)
		}
		spans, refused, err := ReadTraces(body, encoding)
		if err != nil || refused.Count > 0 {
			t.Fatal(encoding, err, refused)
		}
		if difference := cmp.Diff([]tracetree.Span{whole, other, whole}, spans); difference != "" {
			t.Errorf("%s (- written, + read):\n%s", encoding, difference)
		}
	}
}

// The spans of one resource share its attributes, and equal names and values are one text in memory.
func TestSpansShareWhatIsEqual(t *testing.T) {
	t.Parallel()
	second := whole
	second.SpanID = "00f067aa0ba902b9"
	body, err := MarshalProto([]tracetree.Span{whole, second})
	if err != nil {
		t.Fatal(err)
	}
	spans, _, err := ReadTraces(body, Protobuf)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.ValueOf(spans[0].Resource).Pointer() != reflect.ValueOf(spans[1].Resource).Pointer() {
		t.Error("two spans of one resource have two maps")
	}
	again, _, _ := ReadTraces(body, Protobuf)
	if unsafe.StringData(spans[0].Name) != unsafe.StringData(again[1].Name) {
		t.Error("a name is twice in memory")
	}
	if one, two := spans[0].Attributes["text"].(string), spans[1].Attributes["text"].(string); unsafe.StringData(one) != unsafe.StringData(two) {
		t.Error("a value of one request is twice in memory")
	}
}

func TestASpanHasBounds(t *testing.T) {
	t.Parallel()
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	ss := rs.ScopeSpans().AppendEmpty()
	raw := ss.Spans().AppendEmpty()
	raw.SetTraceID(traceID(aTrace))
	raw.SetSpanID(spanID(aSpan))
	raw.SetName(strings.Repeat("ä", maxName))
	raw.SetStartTimestamp(pcommon.Timestamp(math.MaxUint64))
	raw.SetEndTimestamp(5)
	raw.SetKind(99)
	for i := range 100_000 {
		raw.Attributes().PutEmpty(fmt.Sprint("key", i)) // GetOrPut would be quadratic
		if i < 2*maxLinks {
			raw.Links().AppendEmpty()
			raw.Events().AppendEmpty()
		}
		if i == 2*maxLinks {
			break
		}
	}
	raw.Attributes().PutStr("key0", "\xff\xfe"+strings.Repeat("x", 1<<20))
	deep := raw.Attributes().PutEmpty("key1")
	for range 90 {
		deep = deep.SetEmptySlice().AppendEmpty()
	}
	none := ss.Spans().AppendEmpty()
	none.SetName("\xff")
	none.SetTraceID(traceID(aTrace))
	spans, refused := Spans(traces)
	if len(spans) != 1 || refused.Count != 1 || !strings.Contains(refused.Reason, "no span id") {
		t.Fatalf("%d spans, %+v", len(spans), refused)
	}
	s := spans[0]
	if len(s.Attributes) != maxAttributes || len(s.Links) != maxLinks || len(s.Events) != maxEvents {
		t.Errorf("%d attributes, %d links, %d events", len(s.Attributes), len(s.Links), len(s.Events))
	}
	if text := s.Attributes["key0"].(string); len(text) > maxText || !utf8.ValidString(text) {
		t.Errorf("a text of %d bytes, valid: %t", len(text), utf8.ValidString(text))
	}
	if s.Duration != 0 || s.Start.Year() != 2262 || s.Kind != tracetree.KindInternal || len(s.Name) > maxName || !utf8.ValidString(s.Name) {
		t.Errorf("%s, %s, %s, %d", s.Duration, s.Start, s.Kind, len(s.Name))
	}
}

func TestAWholeRequestHasBounds(t *testing.T) {
	t.Parallel()
	nested := []byte{}
	for range 200_000 {
		nested = wrap(5, wrap(1, nested)) // an array in an array
		if len(nested) > 1<<16 {
			break
		}
	}
	tests := map[string]struct {
		body     []byte
		encoding Encoding
		want     string
	}{
		"values within values":         {wrap(1, wrap(1, wrap(1, wrap(2, nested)))), Protobuf, "nested more than 100 deep"},
		"lists within lists":           {[]byte(`{"resourceSpans":` + strings.Repeat("[", 100_000)), JSON, "nested more than 100 deep"},
		"a million empty spans":        {wrap(1, wrap(2, []byte(strings.Repeat("\x12\x00", 1_000_000)))), Protobuf, "192 MiB"},
		"a million empty JSON objects": {[]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Repeat("{},", 1_000_000) + `{}]}]}]}`), JSON, "192 MiB"},
		"no protobuf":                  {[]byte("GET / HTTP/1.1"), Protobuf, "unreadable as OTLP protobuf"},
		"no JSON":                      {[]byte("<html>"), JSON, "unreadable as OTLP JSON"},
		"JSON of another kind":         {[]byte(`{"resourceSpans":"x"}`), JSON, "unreadable as OTLP JSON"},
	}
	for name, test := range tests {
		_, _, err := ReadTraces(test.body, test.encoding)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v instead of %q", name, err, test.want)
		}
	}
}

// wrap makes a field with bytes.
func wrap(field byte, body []byte) []byte {
	out := []byte{field<<3 | 2}
	n := len(body)
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(append(out, byte(n)), body...)
}

// Whatever a span has, it comes back within the bounds, and a second time unchanged.
func TestWhatIsReadCanBeWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		checkTwice(t, body)
	})
}

func checkTwice(t interface{ Fatalf(string, ...any) }, body []byte) {
	request := ptraceotlp.NewExportRequest()
	if request.UnmarshalProto(body) != nil {
		return
	}
	spans, _ := Spans(request.Traces())
	for range 2 {
		written, err := MarshalProto(spans)
		if err != nil {
			t.Fatalf("write: %v", err)
		}
		again, refused, err := ReadTraces(written, Protobuf)
		if err != nil || refused.Count > 0 || len(again) != len(spans) {
			t.Fatalf("%d spans became %d: %v %v", len(spans), len(again), refused, err)
		}
		for i := range again {
			if again[i].SpanID != spans[i].SpanID || !again[i].Start.Equal(spans[i].Start) || len(again[i].Attributes) != len(spans[i].Attributes) {
				t.Fatalf("%+v became %+v", spans[i], again[i])
			}
		}
	}
}
