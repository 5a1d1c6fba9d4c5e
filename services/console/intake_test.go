package console_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/otlp"
)

func TestSpansOfACollectorBecomeAJourney(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	spans := order("o-1", "anna", 0, time.Now().Add(-time.Second))
	c.feed(t, spans...)
	row := c.rows(t, "state=done", 1).Journeys[0]
	if row.ID != "o-1" || row.Customer != "anna" || row.State != "done" || row.Spans != 3 || row.WaitMS < 99 || row.WaitMS > 101 {
		t.Errorf("got %+v", row)
	}
	journey := c.journey(t, "o-1")
	rows := journey["waterfall"].(map[string]any)["rows"].([]any)
	if wait := rows[2].(map[string]any)["wait"].(map[string]any); wait["ms"] != 100.0 || wait["told"] != true {
		t.Errorf("the wait is %v", wait)
	}
	if journey["source"] != "memory" || journey["complete"] != true || len(rows) != 3 || journey["missing"] != nil {
		t.Errorf("got %v", journey)
	}
	for _, has := range []struct{ name, text string }{
		{"late", "a message waited in kitchen.order-created for 100 ms (74 %)"}, {"tree", "waited 100 ms"}, {"mermaid", "sequenceDiagram"},
	} {
		if text, _ := journey[has.name].(string); !strings.Contains(text, has.text) {
			t.Errorf("%s is %q, want %q in it", has.name, text, has.text)
		}
	}
	trace := journey["traces"].([]any)[0].(map[string]any)
	if trace["spans"] != 3.0 || trace["jaeger"] != "http://127.0.0.1:16686/trace/"+spans[0].TraceID {
		t.Errorf("the trace is %v", trace)
	}
	if again := c.journey(t, spans[0].TraceID); again["row"].(map[string]any)["id"] != "o-1" {
		t.Errorf("by its trace: %v", again["row"])
	}
}

// A console that traced its own intake and its page would feed itself. Its commands make spans.
func TestReadingAndTakingSpansMakeNoSpans(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	c.feed(t, order("o-1", "anna", 0, time.Now())...)
	c.rows(t, "", 1)
	c.journey(t, "o-1")
	for _, path := range []string{"/", "/journeys/o-1", "/assets/app.js", "/api/about", "/api/board", "/openapi.yaml", "/api/switches", "/api/journeys/none"} {
		c.call(t, http.MethodGet, path, "")
	}
	if spans := c.memory.Spans(); len(spans) != 0 {
		t.Errorf("%d spans, the first is %s", len(spans), spans[0].Name)
	}
	c.call(t, http.MethodPut, "/api/failures/kitchen.slow", "")
	if spans := c.memory.Spans(); len(spans) != 1 || spans[0].Name != "PUT /api/failures/{key}" {
		t.Errorf("a command made %d spans", len(spans))
	}
}

func TestAnOversizedOrUnreadableRequestIsRefused(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	for range 20 {
		if _, err := zip.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []struct {
		name, path, body string
		headers          []string
		status           int
	}{
		{"17 MiB", "/v1/traces", strings.Repeat(" ", 17<<20), []string{"Content-Type", "application/json"}, 413},
		{"a zip bomb", "/v1/traces", bomb.String(), []string{"Content-Type", "application/json", "Content-Encoding", "gzip"}, 413},
		{"no JSON", "/v1/traces", "{", []string{"Content-Type", "application/json"}, 400},
		{"no protobuf", "/v1/logs", "\xff\xff\xff", []string{"Content-Type", "application/x-protobuf"}, 400},
		{"another type", "/v1/traces", "<a/>", []string{"Content-Type", "text/html"}, 415},
		{"a file of 17 MiB", "/api/files", strings.Repeat(" ", 17<<20), nil, 413},
		{"a file of nothing", "/api/files", "", nil, 400},
		{"a file of text", "/api/files", "hello", nil, 400},
		{"a file without spans", "/api/files", `{"resourceSpans":[]}`, nil, 400},
	} {
		req, err := http.NewRequest(http.MethodPost, c.base+wrong.path, strings.NewReader(wrong.body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(wrong.headers); i += 2 {
			req.Header.Set(wrong.headers[i], wrong.headers[i+1])
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Errorf("%s: %v", wrong.name, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != wrong.status {
			t.Errorf("%s: %d, want %d", wrong.name, resp.StatusCode, wrong.status)
		}
	}
	if found := c.rows(t, "", 0); found.Total != 0 {
		t.Errorf("something was kept: %+v", found)
	}
}

func TestLogsAreBesideTheirSpan(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	spans := order("o-1", "anna", 0, time.Now())
	c.feed(t, spans...)
	c.rows(t, "", 1)
	body := fmt.Sprintf(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1700000000000000000","severityText":"INFO",
		"body":{"stringValue":"order placed"},"traceId":%q,"spanId":%q}]}]}]}`, spans[0].TraceID, spans[0].SpanID)
	if status, answer := c.call(t, http.MethodPost, "/v1/logs", body, "Content-Type", "application/json"); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	eventually(t, "the log is beside the span", func() bool {
		_, answer := c.call(t, http.MethodGet, "/api/journeys/o-1/spans/"+spans[0].TraceID+"/"+spans[0].SpanID, "")
		return strings.Contains(answer, `"body":"order placed"`)
	})
}

func TestAFileIsReadAndMarked(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	body, err := otlp.MarshalJSON(order("o-1", "anna", 0, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	status, answer := c.call(t, http.MethodPost, "/api/files", string(body))
	if status != http.StatusOK || !strings.Contains(answer, `{"journeys":["o-1"],"spans":3}`) {
		t.Errorf("%d %s", status, answer)
	}
	if row := c.journey(t, "o-1")["row"].(map[string]any); row["source"] != "file" { // at once, without a wait
		t.Errorf("got %+v", row)
	}
}
