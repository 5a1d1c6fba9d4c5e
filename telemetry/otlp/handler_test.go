package otlp

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"traceria/telemetry/tracetree"
)

const typeProto, typeJSON = "application/x-protobuf", "application/json"

func zipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func post(h http.Handler, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTracesAreTakenInEachEncoding(t *testing.T) {
	t.Parallel()
	asProto, _ := MarshalProto([]tracetree.Span{whole})
	asJSON, _ := MarshalJSON([]tracetree.Span{whole})
	for _, test := range []struct {
		body    []byte
		headers []string
	}{
		{asProto, []string{"Content-Type", typeProto}},
		{asJSON, []string{"Content-Type", typeJSON + "; charset=utf-8"}},
		{zipped(t, asProto), []string{"Content-Type", typeProto, "Content-Encoding", "gzip"}},
		{zipped(t, asJSON), []string{"Content-Type", typeJSON, "Content-Encoding", "GZIP"}},
		{asProto, []string{"Content-Type", typeProto, "Content-Encoding", "identity"}},
	} {
		taken := 0
		refusal := Refused{}
		h := TracesHandler(func(spans []tracetree.Span) (Refused, error) { taken += len(spans); return refusal, nil }, HandlerOptions{})
		for _, refusal = range []Refused{{}, {Count: 1, Reason: "full"}} {
			w := post(h, test.body, test.headers...)
			answer := ptraceotlp.NewExportResponse()
			read := answer.UnmarshalProto
			wanted, _, _ := strings.Cut(test.headers[1], ";")
			if wanted == typeJSON {
				read = answer.UnmarshalJSON
			}
			if err := read(w.Body.Bytes()); err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != wanted {
				t.Errorf("%v: %d %s %v", test.headers, w.Code, w.Header(), err)
			}
			if p := answer.PartialSuccess(); p.RejectedSpans() != int64(refusal.Count) || p.ErrorMessage() != refusal.Reason {
				t.Errorf("%v: %d %q", test.headers, p.RejectedSpans(), p.ErrorMessage())
			}
		}
		if taken != 2 {
			t.Errorf("%v: %d spans", test.headers, taken)
		}
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	t.Parallel()
	bomb := zipped(t, make([]byte, 1<<20))
	asJSON, _ := MarshalJSON([]tracetree.Span{whole})
	for name, test := range map[string]struct {
		body    []byte
		headers []string
		err     error
		status  int
		want    string
	}{
		"no protobuf":         {[]byte("\xff\xff"), []string{"Content-Type", typeProto}, nil, 400, "unreadable as OTLP protobuf"},
		"no JSON":             {[]byte("{"), []string{"Content-Type", typeJSON}, nil, 400, "unreadable as OTLP JSON"},
		"no gzip":             {[]byte("{}"), []string{"Content-Type", typeJSON, "Content-Encoding", "gzip"}, nil, 400, "not gzip"},
		"half of gzip":        {zipped(t, asJSON)[:100], []string{"Content-Type", typeJSON, "Content-Encoding", "gzip"}, nil, 400, "ends early"},
		"too large":           {make([]byte, 5000), []string{"Content-Type", typeJSON}, nil, 413, "more than 4000 bytes"},
		"a bomb":              {bomb, []string{"Content-Type", typeJSON, "Content-Encoding", "gzip"}, nil, 413, "more than 4000 bytes"},
		"another type":        {nil, []string{"Content-Type", "text/plain"}, nil, 415, "use application/x-protobuf"},
		"no type":             {nil, nil, nil, 415, "application/json"},
		"another compression": {nil, []string{"Content-Type", typeJSON, "Content-Encoding", "zstd"}, nil, 415, "use gzip"},
		"busy":                {asJSON, []string{"Content-Type", typeJSON}, ErrBusy, 503, "later"},
		"broken":              {asJSON, []string{"Content-Type", typeJSON}, errors.New("full disk"), 500, "full disk"},
	} {
		h := TracesHandler(func([]tracetree.Span) (Refused, error) { return Refused{}, test.err }, HandlerOptions{Limit: 4000})
		w := post(h, test.body, test.headers...)
		var message status.Status
		read := protojson.Unmarshal
		if w.Header().Get("Content-Type") == typeProto {
			read = proto.Unmarshal
		}
		if err := read(w.Body.Bytes(), &message); err != nil || w.Code != test.status || !strings.Contains(message.Message, test.want) || message.Code == 0 {
			t.Errorf("%s: %d %q %v instead of %d %q", name, w.Code, message.Message, err, test.status, test.want)
		}
		if busy := w.Code == 503; busy != (w.Header().Get("Retry-After") == "1") {
			t.Errorf("%s: Retry-After %q", name, w.Header().Get("Retry-After"))
		}
	}
	if w := httptest.NewRecorder(); true {
		TracesHandler(nil, HandlerOptions{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/traces", nil))
		if w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("GET: %d %v", w.Code, w.Header())
		}
	}
}

// A sender that does not come to an end holds one place. When all are held, others are told to come later.
func TestABusyHandlerSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	asJSON, _ := MarshalJSON([]tracetree.Span{whole})
	entered, leave := make(chan struct{}), make(chan struct{})
	h := TracesHandler(func([]tracetree.Span) (Refused, error) {
		entered <- struct{}{}
		<-leave
		return Refused{}, nil
	}, HandlerOptions{Concurrent: 1})
	done := make(chan int)
	go func() { done <- post(h, asJSON, "Content-Type", typeJSON).Code }()
	<-entered
	if w := post(h, asJSON, "Content-Type", typeJSON); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	close(leave)
	if code := <-done; code != 200 {
		t.Error(code)
	}
	go func() { <-entered }()
	if w := post(h, asJSON, "Content-Type", typeJSON); w.Code != 200 {
		t.Errorf("after it: %d", w.Code)
	}
}

func TestLogsAreTaken(t *testing.T) {
	t.Parallel()
	body := `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"order"}}]},"scopeLogs":[{"logRecords":[
		{"timeUnixNano":"1000","severityText":"INFO","body":{"stringValue":"order placed"},"attributes":[{"key":"n","value":{"intValue":"1"}}],"traceId":"` + aTrace + `","spanId":"` + aSpan + `"},
		{"observedTimeUnixNano":"2000","severityNumber":17,"body":{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}}]}]}]}`
	var taken []Log
	h := LogsHandler(func(logs []Log) (Refused, error) { taken = logs; return Refused{Count: 1, Reason: "old"}, nil }, HandlerOptions{})
	w := post(h, []byte(body), "Content-Type", typeJSON)
	answer := plogotlp.NewExportResponse()
	if err := answer.UnmarshalJSON(w.Body.Bytes()); err != nil || w.Code != 200 || answer.PartialSuccess().RejectedLogRecords() != 1 {
		t.Fatal(w.Code, w.Body, err)
	}
	if len(taken) != 2 || taken[0].Service != "order" || taken[0].Body != "order placed" || taken[0].TraceID != aTrace || taken[0].At.UnixNano() != 1000 ||
		taken[1].Severity != "Error" || taken[1].Body != `{"a":true}` || taken[1].At.UnixNano() != 2000 || taken[1].TraceID != "" {
		t.Errorf("%+v", taken)
	}
	again := LogRecords(Logs(taken))
	if again[0].Attributes["n"] != int64(1) || again[1].Body != taken[1].Body || again[1].Service != "order" {
		t.Errorf("%+v", again)
	}
}
