package failures

import (
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// wantFound asserts that the search in the catalogue finds the trace.
func (st *stage) wantFound(t *testing.T, key failure.Key, traceID string) {
	t.Helper()
	entry, err := failure.Lookup(key)
	if err != nil {
		t.Fatal(err)
	}
	service, tags := searchOf(entry.Search)
	if len(tags) == 0 {
		t.Fatalf("%s has no tags to search for in %q", key, entry.Search)
	}
	st.Await(t, 20*time.Second, "Jaeger finds the trace "+traceID+" by "+entry.Search, func() bool {
		return slices.ContainsFunc(st.find(t, service, tags), func(s tracetree.Span) bool { return s.TraceID == traceID })
	})
}

// wantSearchable asserts that the search in the catalogue finds a span, after the test of the key.
func (st *stage) wantSearchable(t *testing.T, entry failure.Entry) {
	t.Helper()
	service, tags := searchOf(entry.Search)
	if tags[string(failure.FailureKey)] == "" {
		return // an experiment is found by its order
	}
	if len(st.find(t, service, tags)) == 0 {
		t.Errorf("Jaeger finds nothing by %q", entry.Search)
	}
}

// find returns the spans of all traces in which a span of the service has these tags. An empty service means any
// service.
func (st *stage) find(t *testing.T, service string, tags map[string]string) (spans []tracetree.Span) {
	t.Helper()
	asked := []string{service}
	if service == "" {
		asked = nil
		for name := range st.Services {
			asked = append(asked, name)
		}
	}
	now := time.Now()
	for _, service := range asked {
		found, err := st.Jaeger.Search(t.Context(), service, tags, 100, now.Add(-time.Hour), now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, found...)
	}
	return spans
}

// searchOf parses a search of the catalogue, such as "service=order, tags error.type=unroutable
// traceria.failure=order.unroutable".
func searchOf(text string) (service string, tags map[string]string) {
	tags = map[string]string{}
	text, _, _ = strings.Cut(text, ";") // a remark
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		switch name, value, is := strings.Cut(word, "="); {
		case is && name == "service":
			service = value
		case is && value != "ORDER": // ORDER is a placeholder for an id
			tags[name] = value
		}
	}
	return service, tags
}

// findByKey returns the spans of the service that Jaeger finds by the key's tag.
func (st *stage) findByKey(t *testing.T, service string, key failure.Key) []tracetree.Span {
	t.Helper()
	now := time.Now()
	found, err := st.Jaeger.Search(t.Context(), service, map[string]string{string(failure.FailureKey): string(key)}, 100,
		now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
