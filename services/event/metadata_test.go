package event_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"

	"traceria/services/event"
)

var _ propagation.TextMapCarrier = (*event.Metadata)(nil)

func TestMetadataCarriesTheContextUnderItsW3CNames(t *testing.T) {
	t.Parallel()
	var m event.Metadata
	want := map[string]string{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"tracestate":  "vendor=1", "baggage": "failure=kitchen.slow",
	}
	for key, value := range want {
		m.Set(key, value)
	}
	got := map[string]string{}
	for _, key := range m.Keys() {
		got[key] = m.Get(key)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-set +got)\n%s", diff)
	}
}

func TestParentSpanFollowsTraceParent(t *testing.T) {
	t.Parallel()
	var m event.Metadata
	m.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if m.ParentSpan != "b7ad6b7169203331" {
		t.Errorf("parentSpan is %q", m.ParentSpan)
	}
	m.Set("traceparent", "0af7651916cd43dd8448eb211c80319c")
	if m.ParentSpan != "" {
		t.Errorf("a bare trace id leaves parentSpan %q", m.ParentSpan)
	}
}

func TestMetadataDropsWhatItHasNoPlaceFor(t *testing.T) {
	t.Parallel()
	m := event.Metadata{EventID: "e-1"}
	for _, key := range []string{"eventId", "parentSpan", "traceParent", "x-b3-traceid", ""} {
		m.Set(key, "changed")
		if got := m.Get(key); got != "" {
			t.Errorf("%q is %q", key, got)
		}
	}
	if diff := cmp.Diff(event.Metadata{EventID: "e-1"}, m); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMetadataHasTheSlidesNames(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(event.Metadata{
		EventType: "t", Version: "v", EventID: "i", Source: "s", ConversationID: "c", CausationID: "a",
		TraceParent: "p", TraceState: "x", ParentSpan: "n", Baggage: "b",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"eventType":"t","version":"v","eventId":"i","eventDate":"0001-01-01T00:00:00Z","source":"s","conversationId":"c",` +
		`"causationId":"a","traceParent":"p","traceState":"x","parentSpan":"n","baggage":"b"}`
	if string(text) != want {
		t.Errorf(" got %s\nwant %s", text, want)
	}
}
