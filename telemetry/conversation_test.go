package telemetry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/telemetry"
)

func TestEverySpanThatStartsUnderAConversationIsInIt(t *testing.T) {
	t.Parallel()
	tel, memory, _ := start(t, "order")
	tracer := tel.TracerProvider.Tracer("test")
	ctx, request := tracer.Start(t.Context(), "request")
	_, before := tracer.Start(ctx, "before")
	before.End()
	inside := telemetry.WithConversation(ctx, "o-1")
	ctx2, child := tracer.Start(inside, "child")
	_, grandchild := tracer.Start(ctx2, "grandchild")
	grandchild.End()
	child.End()
	_, other := tracer.Start(telemetry.WithConversation(ctx2, "o-2"), "other")
	other.End()
	request.End()
	got := map[string]any{}
	for _, span := range memory.Spans() {
		got[span.Name] = span.Attributes["traceria.conversation"]
	}
	// The span that is current when the conversation becomes known has it as well. "child" had ended before the
	// conversation changed.
	want := map[string]any{"request": "o-1", "before": nil, "child": "o-1", "grandchild": "o-1", "other": "o-2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := len(memory.Conversation("o-1")); n != 3 {
		t.Errorf("%d spans of o-1, want 3", n)
	}
}

func TestAConversationWithoutAnIDIsNone(t *testing.T) {
	t.Parallel()
	tel, memory, _ := start(t, "order")
	ctx, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "span")
	if got := telemetry.Conversation(telemetry.WithConversation(ctx, "")); got != "" {
		t.Errorf("the conversation is %q", got)
	}
	span.End()
	if _, set := memory.Spans()[0].Attributes["traceria.conversation"]; set {
		t.Error("the span has an empty conversation")
	}
}

func TestWhatIsCarriedIsResumed(t *testing.T) {
	t.Parallel()
	tel, memory, _ := start(t, "order")
	tracer := tel.TracerProvider.Tracer("test")
	ctx, request := tracer.Start(t.Context(), "request")
	carried := telemetry.Carry(ctx)
	request.End()
	_, later := tracer.Start(telemetry.Resume(context.Background(), carried), "later")
	later.End()
	spans := byName(memory.Spans())
	if a, b := spans["request"], spans["later"]; b.TraceID != a.TraceID || b.ParentID != a.SpanID {
		t.Errorf("later is %s under %s, want %s under %s", b.TraceID, b.ParentID, a.TraceID, a.SpanID)
	}
	for _, unreadable := range []map[string]string{nil, {}, {"traceparent": "nonsense"}} {
		_, root := tracer.Start(telemetry.Resume(context.Background(), unreadable), "root")
		root.End()
		if got := byName(memory.Spans())["root"]; got.ParentID != "" {
			t.Errorf("%v gives the parent %s", unreadable, got.ParentID)
		}
	}
}

func TestAnHTTPAnswerNamesItsTrace(t *testing.T) {
	t.Parallel()
	tel, memory, _ := start(t, "order")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /menu", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	handler := tel.Handler(mux)
	req := httptest.NewRequest(http.MethodGet, "/menu", nil)
	req.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, req)
	span := byName(memory.Spans())["GET /menu"]
	if got, want := answer.Header().Get("traceresponse"), "00-0af7651916cd43dd8448eb211c80319c-"+span.SpanID+"-01"; got != want {
		t.Errorf("traceresponse is %q, want %q", got, want)
	}
	if span.ParentID != "b7ad6b7169203331" || span.Kind != "server" {
		t.Errorf("the span is a %s under %s", span.Kind, span.ParentID)
	}
	healthy := httptest.NewRecorder()
	handler.ServeHTTP(healthy, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if got := healthy.Header().Get("traceresponse"); got != "" || len(memory.Spans()) != 1 {
		t.Errorf("a health check has traceresponse %q, and there are %d spans", got, len(memory.Spans()))
	}
}

func TestAClientSendsItsTraceAlong(t *testing.T) {
	t.Parallel()
	tel, memory, _ := start(t, "kitchen")
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("traceparent") }))
	defer server.Close()
	base := &http.Transport{DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(telemetry.WithConversation(t.Context(), "o-1"), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: tel.Transport(base)}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	spans := memory.Conversation("o-1")
	if len(spans) != 1 || spans[0].Kind != "client" || got != "00-"+spans[0].TraceID+"-"+spans[0].SpanID+"-01" {
		t.Errorf("traceparent is %q, spans are %+v", got, spans)
	}
}
