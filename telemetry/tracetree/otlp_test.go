package tracetree

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testdata/jaeger-2.13.json is an answer of Jaeger 2.13 for a trace with every type of attribute.
func recordedAnswer(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/jaeger-2.13.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func recordedSpans() []Span {
	const root = "00f067aa0ba902b7"
	start := time.Unix(1779000000, 1).UTC()
	resource, scope := map[string]any{"service.name": "order"}, Scope{Name: "x", Version: "1"}
	return []Span{
		{
			Resource: resource, Scope: scope,
			TraceID: someTrace, SpanID: root, Name: "POST /order", Kind: KindServer, Service: "order",
			Start: start, Duration: time.Millisecond, Status: StatusError, StatusMessage: "boom",
			Attributes: map[string]any{
				"arr": []any{"a", int64(1)}, "b": true, "by": "AAEC", "empty": "", "f": 1.5, "inf": math.Inf(1),
				"kv": `{"z":5}`, "n": int64(9007199254740993), "traceria.conversation": "ord-1",
			},
		},
		{
			Resource: resource, Scope: scope,
			TraceID: someTrace, SpanID: "00f067aa0ba902b8", ParentID: root, Name: "process x", Kind: KindConsumer, Service: "order",
			Start: start, Duration: time.Millisecond, Links: []Link{{TraceID: someTrace, SpanID: root}},
		},
	}
}

func TestTheRecordedAnswerIsRead(t *testing.T) {
	t.Parallel()
	got, err := decodeOTLP(recordedAnswer(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(recordedSpans(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// OTLP and the gateway allow other forms of the same spans.
func TestOtherFormsOfTheSameAnswer(t *testing.T) {
	t.Parallel()
	recorded := strings.TrimSpace(string(recordedAnswer(t)))
	bare := strings.TrimSuffix(strings.TrimPrefix(recorded, `{"result":`), "}")
	names := strings.NewReplacer(`"kind":2`, `"kind":"SPAN_KIND_SERVER"`, `"kind":5`, `"kind":"SPAN_KIND_CONSUMER"`,
		`"code":2`, `"code":"STATUS_CODE_ERROR"`)
	numbers := strings.NewReplacer(`"1779000000000000001"`, `1779000000000000001`, `"9007199254740993"`, `9007199254740993`)
	zeros := strings.Replace(recorded, `"name":"POST`, `"parentSpanId":"0000000000000000","name":"POST`, 1)
	upper := strings.NewReplacer("4bf92f3577b34da6a3ce929d0e0e4736", "4BF92F3577B34DA6A3CE929D0E0E4736", "00f067", "00F067")
	for form, body := range map[string]string{
		"without the wrapper": bare,
		"names":               names.Replace(recorded),
		"numbers":             numbers.Replace(recorded),
		"zero parent":         zeros,
		"upper case":          upper.Replace(recorded),
		"a stream":            `{"result":{"resourceSpans":[]}}` + "\n" + recorded + "\n" + `{"result":null}`,
		"unknown fields":      strings.Replace(recorded, `{"result"`, `{"future":[1],"result"`, 1),
	} {
		got, err := decodeOTLP([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", form, err)
		}
		if diff := cmp.Diff(recordedSpans(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
}

func TestStrangeNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]otlpInt{
		`"5"`: 5, `5`: 5, `5e3`: 5000, `"-5"`: -5, `null`: 0, `""`: 0,
		`"9223372036854775807"`: math.MaxInt64, `"18446744073709551615"`: math.MaxInt64,
	} {
		var got otlpInt
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{`"noon"`, `true`, `{}`, `"NaN"`, `1e300`} {
		if err := json.Unmarshal([]byte(text), new(otlpInt)); err == nil {
			t.Errorf("%s is read as an integer", text)
		}
	}
}

func TestASpanThatEndsBeforeItStartsTookNoTime(t *testing.T) {
	t.Parallel()
	body := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"aa","spanId":"bb","startTimeUnixNano":"9","endTimeUnixNano":"3","kind":99,"status":{"code":7}}]}]}]}`
	got, err := decodeOTLP([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := []Span{{TraceID: "aa", SpanID: "bb", Kind: KindInternal, Start: time.Unix(0, 9).UTC()}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// For any answer of Jaeger, decoding, folding and printing neither panics nor hangs, and no span is lost.
func FuzzDecodeOTLP(f *testing.F) {
	recorded := recordedAnswer(f)
	f.Add(recorded)
	f.Add([]byte(`{"error":{"message":"x"}}`))
	f.Add([]byte(`{"result":{"resourceSpans":[null,{"scopeSpans":[null,{"spans":[null]}]}]}}`))
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"a","spanId":"a","parentSpanId":"a","links":[null],"attributes":[{"key":"traceria.queue.wait_ms","value":{"doubleValue":-1e308}},{"key":"traceria.delivery.attempt","value":{"doubleValue":"Infinity"}}],"startTimeUnixNano":"-9223372036854775808","endTimeUnixNano":"9223372036854775807"}]}]}]}`))
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"a","spanId":"1","kind":3,"attributes":[{"key":"db.system","value":{"kvlistValue":{"values":[{"key":"x","value":{"doubleValue":"NaN"}}]}}}]},{"traceId":"a","spanId":"2","parentSpanId":"1","kind":3,"attributes":[{"key":"db.system","value":{}}]}]}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		spans, err := decodeOTLP(body)
		if err != nil {
			return
		}
		tree := Build(spans)
		distinct := map[key]bool{}
		for _, s := range spans {
			distinct[s.key()] = true
		}
		if got := len(tree.Spans()); got != len(distinct) {
			t.Errorf("%d spans, %d in the tree", len(distinct), got)
		}
		checkWaterfall(t, spans, everything(t, spans))
		for _, o := range []PrintOptions{{}, {Width: 1}, {Width: 60, Color: true}, {Database: true}} {
			if err := Print(io.Discard, tree, o); err != nil {
				t.Error(err)
			}
		}
		if diff := Compare(Shape(tree), tree); diff != "" {
			t.Error(diff)
		}
		text, err := json.Marshal(spans)
		if err != nil {
			t.Fatal(err)
		}
		var back []Span
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("what was written is not read: %v", err)
		}
	})
}

// A list of documents is what several exports in one file are.
func TestReadOTLPKeepsWhatAPersonLooksFor(t *testing.T) {
	t.Parallel()
	const document = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"h"}}]},
		"scopeSpans":[{"scope":{"name":"amqp","version":"1.2"},"spans":[{"traceId":"aa","spanId":"bb","name":"a",
		"links":[{"traceId":"cc","spanId":"dd","attributes":[{"key":"n","value":{"intValue":"3"}}]}],
		"events":[{"name":"late","timeUnixNano":"7"},{"name":"early","timeUnixNano":"5","attributes":[{"key":"x","value":{"boolValue":true}}]}]}]}]}]}`
	got, err := ReadOTLP(strings.NewReader("[" + document + "," + document + "]\n" + document))
	if err != nil || len(got) != 3 {
		t.Fatalf("%d spans, %v", len(got), err)
	}
	want := Span{
		TraceID: "aa", SpanID: "bb", Name: "a", Kind: KindInternal, Service: "shop", Start: time.Unix(0, 0).UTC(),
		Resource: map[string]any{"service.name": "shop", "host.name": "h"}, Scope: Scope{Name: "amqp", Version: "1.2"},
		Links: []Link{{TraceID: "cc", SpanID: "dd", Attributes: map[string]any{"n": int64(3)}}},
		Events: []Event{
			{Name: "early", At: time.Unix(0, 5).UTC(), Attributes: map[string]any{"x": true}}, {Name: "late", At: time.Unix(0, 7).UTC()},
		},
	}
	if diff := cmp.Diff(want, got[2]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A file of a Collector has a document in each line, and a span and a link have a tracestate each.
func TestReadOTLPKeepsTheTraceState(t *testing.T) {
	t.Parallel()
	const span = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"` + someTrace + `","spanId":"00f067aa0ba902b8","name":"a",
		"traceState":"shop=1,b=2","links":[{"traceId":"` + someTrace + `","spanId":"00f067aa0ba902b7","traceState":"shop=1"}]}]}]}]}`
	spans, err := ReadOTLP(strings.NewReader(span + "\n" + span))
	if err != nil || len(spans) != 2 {
		t.Fatalf("%d spans, %v", len(spans), err)
	}
	if got := spans[1]; got.TraceState != "shop=1,b=2" || len(got.Links) != 1 || got.Links[0].TraceState != "shop=1" {
		t.Errorf("got %+v", got)
	}
	for _, wrong := range []string{"[1]", "[[]]", "1", `"resourceSpans"`, "[{}"} {
		if _, err := ReadOTLP(strings.NewReader(wrong)); err == nil {
			t.Errorf("%s is read as spans", wrong)
		}
	}
}
