package console

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"traceria/services/console/journeys"
	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// An exported page shows texts as texts, allows no script and is read back as the same spans.
func TestAnExportedPageIsReadBack(t *testing.T) {
	t.Parallel()
	const hostile = `</script><img src=x onerror=alert(1)>"'&`
	start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	spans := []tracetree.Span{
		{
			TraceID: strings.Repeat("a", 32), SpanID: strings.Repeat("b", 16), Name: "send " + hostile, Kind: tracetree.KindProducer, Service: hostile, Start: start,
			Duration: time.Millisecond, Attributes: map[string]any{hostile: hostile},
		},
		{
			TraceID: strings.Repeat("a", 32), SpanID: strings.Repeat("c", 16), ParentID: strings.Repeat("b", 16), Name: "process", Kind: tracetree.KindConsumer, Service: "kitchen",
			Start: start.Add(20 * time.Millisecond), Duration: 5 * time.Millisecond, Status: tracetree.StatusError, StatusMessage: hostile,
		},
	}
	text, err := otlp.MarshalJSON(spans)
	if err != nil {
		t.Fatal(err)
	}
	data := exportData{Spans: spans, OTLP: text, At: start, Journey: journeyAnswer{
		Row: journeys.Row{ID: hostile, Root: hostile, State: journeys.Dead}, Late: hostile, Tree: hostile,
		Failures: []failureOf{{Key: hostile, Title: hostile}}, Missing: map[string]any{"gaps": []map[string]string{{"expected": hostile, "where": hostile}}},
		Waterfall: tracetree.Waterfall{Start: start, End: start.Add(25 * time.Millisecond), Rows: []tracetree.Row{
			{TraceID: spans[0].TraceID, SpanID: spans[0].SpanID, Parent: -1, Name: spans[0].Name, Service: hostile, DurationMS: 1},
			{
				TraceID: spans[1].TraceID, SpanID: spans[1].SpanID, Depth: 1, Name: "process", Service: "kitchen", Failed: true, Error: hostile, StartMS: 20, DurationMS: 5,
				Wait: &tracetree.RowWait{MS: 19, Queue: hostile}, BackOff: &tracetree.RowBackOff{MS: 1}, Warning: hostile,
			},
		}},
	}}
	var page bytes.Buffer
	if err := exportPage(&page, data); err != nil {
		t.Fatal(err)
	}
	html := page.String()
	if strings.Contains(html, "<img") || strings.Count(html, "</script>") != 1 || strings.Contains(html, "ZgotmplZ") {
		t.Errorf("a text ends its element:\n%s", html)
	}
	for _, want := range []string{`class="b-wait"`, `class="b-backoff"`, `class="b-failed"`, "~19 ms", "default-src &#39;none&#39;; style-src &#39;sha256-"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	back, err := otlp.ReadFile(&page, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != 2 || back[0].Name != spans[0].Name || back[0].Attributes[hostile] != hostile || back[1].ParentID != spans[1].ParentID || back[1].StatusMessage != hostile {
		t.Errorf("read back: %+v", back)
	}
}
