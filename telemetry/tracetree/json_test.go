package tracetree

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTheJSONOfASpan(t *testing.T) {
	t.Parallel()
	span := Span{
		TraceID: someTrace, SpanID: "00f067aa0ba902b7", ParentID: "00f067aa0ba902b8", Name: "process x", Kind: KindConsumer,
		Service: "kitchen", Start: time.Date(2026, 5, 17, 14, 0, 0, 1, time.FixedZone("", 7200)), Duration: 1_500_001,
		Attributes: map[string]any{
			"s": "text", "b": true, "i": int64(1<<53 + 1), "f": 2.5, "l": []any{"a", int64(1)}, "inf": math.Inf(1),
		},
		Links:  []Link{{TraceID: someTrace, SpanID: "00f067aa0ba902b8"}},
		Status: StatusError, StatusMessage: "cold",
	}
	want := `{"traceId":"` + someTrace + `","spanId":"00f067aa0ba902b7","parentId":"00f067aa0ba902b8","name":"process x",` +
		`"kind":"consumer","service":"kitchen","start":"2026-05-17T12:00:00.000000001Z",` +
		`"links":[{"traceId":"` + someTrace + `","spanId":"00f067aa0ba902b8"}],"status":"error","statusMessage":"cold",` +
		`"durationMs":1.500001,"attributes":{"b":true,"f":2.5,"i":9007199254740993,"inf":"+Inf","l":["a",1],"s":"text"}}`
	text, err := json.Marshal(span)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var back Span
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	span.Attributes["inf"] = "+Inf"
	if diff := cmp.Diff(span, back, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestSpansSurviveJSON(t *testing.T) {
	t.Parallel()
	for _, spans := range [][]Span{happyPath(), linkMode(), clinic()} {
		text, err := json.Marshal(spans)
		if err != nil {
			t.Fatal(err)
		}
		var back []Span
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if want, got := printed(t, spans, PrintOptions{}), printed(t, back, PrintOptions{}); want != got {
			t.Errorf("want\n%s\ngot\n%s", want, got)
		}
	}
}

func TestTheJSONOfANodeHasItsChildren(t *testing.T) {
	t.Parallel()
	type node struct {
		SpanID   string `json:"spanId"`
		Warning  string `json:"warning"`
		Children []node `json:"children"`
	}
	spans := []Span{{TraceID: "a", SpanID: "1", ParentID: "9"}, {TraceID: "a", SpanID: "2", ParentID: "1"}}
	text, err := json.Marshal(Build(spans))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Roots []node `json:"roots"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []node{{SpanID: "1", Warning: "parent 9 is not in the trace", Children: []node{{SpanID: "2"}}}}
	if diff := cmp.Diff(want, got.Roots); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(string(text), "rphans") {
		t.Errorf("orphans are roots, and are written once: %s", text)
	}
}

func TestAMalformedSpanIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"traceId":1}`, `{"start":"noon"}`, `{"durationMs":"long"}`, `[]`} {
		if err := json.Unmarshal([]byte(text), &Span{}); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}
