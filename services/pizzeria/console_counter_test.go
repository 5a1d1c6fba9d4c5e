package pizzeria

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"

	"traceria/services/console"
	"traceria/services/host"
	"traceria/telemetry"
)

// orderService answers every request with a status and a body, and remembers the last request.
type orderService struct {
	status int
	answer string
	more   http.Header
	header http.Header
	body   string
}

func (o *orderService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	o.header, o.body = r.Header.Clone(), string(text)
	maps.Copy(w.Header(), o.more)
	w.WriteHeader(o.status)
	_, _ = fmt.Fprint(w, o.answer)
}

// counting returns a counter before the order service, and the telemetry of its console.
func counting(t *testing.T, o *orderService) (console.Counter, *telemetry.Telemetry, *telemetry.Memory) {
	t.Helper()
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	memory := &telemetry.Memory{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "console", Memory: memory, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Shutdown(context.WithoutCancel(t.Context())) })
	return newCounter(&host.Host{Telemetry: tel, Config: host.Config{URLs: map[string]string{"order": server.URL}}}), tel, memory
}

// The trace of an order begins at the request to the console. The spans there carry the conversation.
func TestAnOrderOfTheCounterIsInTheTraceOfItsRequest(t *testing.T) {
	t.Parallel()
	o := &orderService{status: http.StatusAccepted, answer: `{"orderId":"o-1","orderNumber":"ORD1","extra":true}`}
	counter, tel, memory := counting(t, o)
	member, err := baggage.NewMember("traceria.failure", "kitchen.poison")
	if err != nil {
		t.Fatal(err)
	}
	carried, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := tel.TracerProvider.Tracer("test").Start(baggage.ContextWithBaggage(t.Context(), carried), "POST /api/orders")
	status, answer, err := counter.Place(ctx, json.RawMessage(`{"customerId":"c"}`), http.Header{
		"X-Traceria-Failure": {"kitchen.slow"}, "Idempotency-Key": {"k"}, "Cookie": {"secret"}, "Authorization": {"secret"}, "Traceparent": {"x"},
	})
	span.End()
	if err != nil || status != http.StatusAccepted || string(answer) != o.answer || o.body != `{"customerId":"c"}` {
		t.Fatalf("%d %s %v for %s", status, answer, err, o.body)
	}
	trace := span.SpanContext().TraceID().String()
	if !strings.Contains(o.header.Get("Traceparent"), trace) {
		t.Errorf("the order service gets the context %s", o.header.Get("Traceparent"))
	}
	if o.header.Get("X-Traceria-Failure") != "kitchen.slow" || o.header.Get("Idempotency-Key") != "k" {
		t.Errorf("headers are lost: %v", o.header)
	}
	for _, name := range []string{"Cookie", "Authorization", "Baggage"} {
		if value := o.header.Get(name); value != "" {
			t.Errorf("the order service gets %s: %s", name, value)
		}
	}
	spans := memory.Spans()
	if len(spans) != 2 {
		t.Fatalf("%d spans, want those of the request and of the client", len(spans))
	}
	for _, s := range spans {
		if s.Attributes["traceria.conversation"] != "o-1" || s.TraceID != trace {
			t.Errorf("%s has %v in trace %s", s.Name, s.Attributes, s.TraceID)
		}
	}
}

// The counter hands on what the order service answers, also a refusal.
func TestTheCounterKeepsARefusalOfTheOrderService(t *testing.T) {
	t.Parallel()
	o := &orderService{
		status: http.StatusUnprocessableEntity, answer: `{"status":422,"title":"Invalid request","field":"items"}`,
		more: http.Header{"Traceria-Injected": {"order-api.slow"}},
	}
	counter, _, memory := counting(t, o)
	status, answer, err := counter.Place(t.Context(), json.RawMessage(`{}`), nil)
	if err != nil || status != o.status || string(answer) != o.answer {
		t.Errorf("%d %s %v", status, answer, err)
	}
	if spans := memory.Spans(); len(spans) != 1 || spans[0].Attributes["traceria.failure"] != "order-api.slow" {
		t.Errorf("the client span does not suffer: %+v", spans)
	}
}

func TestTheMenuMakesNoSpan(t *testing.T) {
	t.Parallel()
	o := &orderService{status: http.StatusOK, answer: `{"items":[]}`}
	counter, _, memory := counting(t, o)
	menu, err := counter.Menu(t.Context())
	if err != nil || string(menu) != o.answer {
		t.Errorf("%s %v", menu, err)
	}
	if sampled := o.header.Get("Traceparent"); len(memory.Spans()) > 0 || !strings.HasSuffix(sampled, "-00") {
		t.Errorf("%d spans, and the order service gets %s", len(memory.Spans()), sampled)
	}
}

// An order service that is away, or a program of another kind at its address, is a problem that says so.
func TestTheCounterSaysThatTheOrderServiceIsAway(t *testing.T) {
	t.Parallel()
	foreign, _, _ := counting(t, &orderService{status: http.StatusOK, answer: "<html>"})
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, tel, _ := counting(t, &orderService{})
	away := newCounter(&host.Host{Telemetry: tel, Config: host.Config{URLs: map[string]string{"order": server.URL}}})
	for want, counter := range map[string]console.Counter{"no JSON": foreign, "does not answer (start it with": away} {
		_, _, err := counter.Place(t.Context(), json.RawMessage(`{}`), nil)
		problem, ok := errors.AsType[*host.Problem](err)
		if !ok || problem.Status != http.StatusServiceUnavailable || !strings.Contains(problem.Detail, want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := counter.Menu(t.Context()); err == nil {
			t.Error("there is a menu")
		}
	}
}
