package tracetree

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// reporter is a service that exports spans to the real Jaeger and keeps them.
type reporter struct {
	name     string
	tracer   trace.Tracer
	recorder *tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
}

func (j *realJaeger) reporter(t *testing.T, service string) *reporter {
	t.Helper()
	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithInsecure(), otlptracehttp.WithEndpoint(j.otlp))
	if err != nil {
		t.Fatal(err)
	}
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", service))),
		sdktrace.WithSpanProcessor(recorder), sdktrace.WithSyncer(exporter))
	t.Cleanup(func() {
		if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return &reporter{service, provider.Tracer("tracetree"), recorder, provider}
}

// reported returns the spans of the SDK, which Trace must return.
func (r *reporter) reported() []Span {
	var spans []Span
	for _, ro := range r.recorder.Ended() {
		s := Span{
			TraceID: ro.SpanContext().TraceID().String(), SpanID: ro.SpanContext().SpanID().String(),
			Name: ro.Name(), Kind: ro.SpanKind().String(), Service: r.name,
			Start: ro.StartTime().UTC(), Duration: ro.EndTime().Sub(ro.StartTime()),
			StatusMessage: ro.Status().Description,
			Resource:      map[string]any{},
			Scope:         Scope{Name: ro.InstrumentationScope().Name, Version: ro.InstrumentationScope().Version},
			Status:        map[codes.Code]string{codes.Ok: StatusOK, codes.Error: StatusError}[ro.Status().Code],
		}
		for _, kv := range ro.Resource().Attributes() {
			s.Resource[string(kv.Key)] = kv.Value.AsInterface()
		}
		if ro.Parent().SpanID().IsValid() {
			s.ParentID = ro.Parent().SpanID().String()
		}
		for _, kv := range ro.Attributes() {
			if s.Attributes == nil {
				s.Attributes = map[string]any{}
			}
			value := kv.Value.AsInterface()
			if list, ok := value.([]string); ok {
				var items []any
				for _, item := range list {
					items = append(items, item)
				}
				value = items
			}
			s.Attributes[string(kv.Key)] = value
		}
		for _, l := range ro.Links() {
			s.Links = append(s.Links, Link{TraceID: l.SpanContext.TraceID().String(), SpanID: l.SpanContext.SpanID().String()})
		}
		spans = append(spans, s)
	}
	return spans
}

var run atomic.Int64

// unique returns a name that no other test uses, even if a test runs twice (go test -count=2): they share a Jaeger.
func unique(name string) string { return fmt.Sprintf("%s-%d", name, run.Add(1)) }

// same compares sets of spans, as Jaeger keeps no order.
var same = cmp.Options{
	cmpopts.SortSlices(func(a, b Span) bool { return a.TraceID+a.SpanID < b.TraceID+b.SpanID }), cmpopts.EquateEmpty(),
}

func TestRealJaegerGivesBackWhatTheSDKReported(t *testing.T) {
	t.Parallel()
	j := jaeger(t)
	order, kitchen := j.reporter(t, unique("order")), j.reporter(t, unique("kitchen"))
	ctx, post := order.tracer.Start(t.Context(), "POST /order", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("text", "Margherita"), attribute.Bool("bool", true), attribute.Int64("int", 1<<53+1),
		attribute.Float64("float", 2.5), attribute.StringSlice("list", []string{"a", "b"})))
	ctx, send := order.tracer.Start(ctx, "send x", trace.WithSpanKind(trace.SpanKindProducer))
	ctx, process := kitchen.tracer.Start(ctx, "process x", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(trace.Link{SpanContext: send.SpanContext()}))
	_, call := kitchen.tracer.Start(ctx, "SELECT", trace.WithSpanKind(trace.SpanKindClient))
	_, inner := kitchen.tracer.Start(ctx, "cook")
	inner.SetStatus(codes.Ok, "")
	process.SetStatus(codes.Error, "the oven is cold")
	for _, s := range []trace.Span{inner, call, process, send, post} {
		s.End()
	}

	reader := NewJaeger(j.query+"/", nil)
	got, err := reader.Trace(t.Context(), strings.ToUpper(post.SpanContext().TraceID().String()))
	if err != nil {
		t.Fatal(err)
	}
	want := append(order.reported(), kitchen.reported()...)
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-reported +read):\n%s", diff)
	}
	if len(got) != 5 {
		t.Errorf("%d spans, want 5", len(got))
	}
	services, err := reader.Services(t.Context())
	if err != nil || !slices.Contains(services, order.name) || !slices.Contains(services, kitchen.name) {
		t.Errorf("services %v, %v", services, err)
	}
}

func TestRealJaegerDoesNotHaveATrace(t *testing.T) {
	t.Parallel()
	reader := NewJaeger(jaeger(t).query, nil)
	if _, err := reader.Trace(t.Context(), "0123456789abcdef0123456789abcdef"); !errors.Is(err, ErrNotFound) {
		t.Errorf("trace: %v", err)
	}
	if _, err := reader.Conversation(t.Context(), "nobody's order"); !errors.Is(err, ErrNotFound) {
		t.Errorf("conversation: %v", err)
	}
	if spans, err := reader.Search(t.Context(), "nobody", nil, 0, time.Time{}, time.Time{}); err != nil || len(spans) != 0 {
		t.Errorf("search: %v, %v", spans, err)
	}
}

// conversation exports three traces of one conversation, from three services, and a trace outside it.
func conversation(t *testing.T, j *realJaeger, id string) []Span {
	t.Helper()
	var want []Span
	var link []trace.Link
	for i, name := range []string{"order", "kitchen", "delivery"} {
		service := j.reporter(t, id+"-"+name)
		ctx, root := service.tracer.Start(t.Context(), "process "+name, trace.WithLinks(link...),
			trace.WithAttributes(attribute.String(conversationKey, id), attribute.Int("hop", i)))
		_, statement := service.tracer.Start(ctx, "batch") // part of the trace, but of no conversation
		statement.End()
		root.End()
		link = []trace.Link{{SpanContext: root.SpanContext()}}
		want = append(want, service.reported()...)
		_, other := service.tracer.Start(t.Context(), "process "+name, trace.WithAttributes(attribute.String(conversationKey, "not "+id)))
		other.End()
	}
	return want
}

func TestRealJaegerFindsAWholeConversation(t *testing.T) {
	t.Parallel()
	j := jaeger(t)
	id := unique(`"quoted" & more`)
	want := conversation(t, j, id)
	got, err := NewJaeger(j.query, nil).Conversation(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-reported +read):\n%s", diff)
	}
	if tree := Build(got); len(tree.Roots) != 3 || len(tree.Orphans) != 0 {
		t.Errorf("%d roots, %d orphans:\n%s", len(tree.Roots), len(tree.Orphans), Shape(tree))
	}
}

// Jaeger after v2.20 answers /api/traces with its web page, as it does for every unknown path. This server is the real Jaeger
// without that path. It ignores query.attributes, so the test covers our own filter too.
func TestAConversationIsFoundWithoutTheOldSearch(t *testing.T) {
	t.Parallel()
	j := jaeger(t)
	target, err := url.Parse(j.query)
	if err != nil {
		t.Fatal(err)
	}
	for name, status := range map[string]int{"web page": http.StatusOK, "not found": http.StatusNotFound} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := unique(name)
			want := conversation(t, j, id)
			proxy := httputil.NewSingleHostReverseProxy(target)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api/traces" {
					w.WriteHeader(status)
					_, _ = w.Write([]byte("<!doctype html>"))
					return
				}
				proxy.ServeHTTP(w, r)
			}))
			defer server.Close()
			got, err := NewJaeger(server.URL, nil).Conversation(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("(-reported +read):\n%s", diff)
			}
		})
	}
}

func TestRealJaegerSearchesWithinTimesAndLimit(t *testing.T) {
	t.Parallel()
	j := jaeger(t)
	service := j.reporter(t, unique("search"))
	noon := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	for i := range 4 {
		at := noon.Add(time.Duration(i) * time.Minute)
		_, s := service.tracer.Start(t.Context(), fmt.Sprint("order ", i), trace.WithTimestamp(at),
			trace.WithAttributes(attribute.Bool("even", i%2 == 0)))
		s.End(trace.WithTimestamp(at.Add(time.Second)))
	}
	reader := NewJaeger(j.query, nil)
	for _, test := range []struct {
		what       string
		tags       map[string]string
		limit      int
		start, end time.Time
		want       []string
	}{
		{"everything", nil, 0, time.Time{}, time.Time{}, []string{"order 0", "order 1", "order 2", "order 3"}},
		{"by tag", map[string]string{"even": "true"}, 0, time.Time{}, time.Time{}, []string{"order 0", "order 2"}},
		{"by time", nil, 0, noon.Add(30 * time.Second), noon.Add(150 * time.Second), []string{"order 1", "order 2"}},
		{"one", nil, 1, time.Time{}, time.Time{}, []string{"order 3"}},
	} {
		spans, err := reader.Search(t.Context(), service.name, test.tags, test.limit, test.start, test.end)
		var names []string
		for _, s := range spans {
			names = append(names, s.Name)
		}
		if err != nil || !slices.Equal(names, test.want) {
			t.Errorf("%s: got %v, %v; want %v", test.what, names, err, test.want)
		}
	}
}
