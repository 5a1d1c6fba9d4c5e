package otlp

import (
	"errors"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A map in a map is JSON in JSON, not a text in a text: the quotes of texts would double with each level, and a request of one
// megabyte would take gigabytes.
func TestNestedMapsStaySmall(t *testing.T) {
	t.Parallel()
	m := pcommon.NewMap()
	inner := m.PutEmptyMap("outer")
	for range 20 {
		inner = inner.PutEmptyMap("a")
	}
	inner.PutStr("b", `"`)
	inner.PutEmptySlice("c").AppendEmpty().SetEmptyMap().PutInt("d", 1)
	want := strings.Repeat(`{"a":`, 20) + `{"b":"\"","c":[{"d":1}]}` + strings.Repeat("}", 20)
	if got := (values{}).attributes(m)["outer"]; got != want {
		t.Errorf("a map is %.200v, want %s", got, want)
	}
}

// What is nested deeper than the limit is cut.
func TestValuesBeyondTheDepthAreCut(t *testing.T) {
	t.Parallel()
	m := pcommon.NewMap()
	inner := m.PutEmptyMap("outer")
	for range 2 * maxDepth {
		inner = inner.PutEmptyMap("a")
	}
	got, _ := (values{}).attributes(m)["outer"].(string)
	if levels := strings.Count(got, "a"); levels > maxDepth || levels < maxDepth/2 {
		t.Errorf("%d levels are kept of %d", levels, 2*maxDepth)
	}
}

// The decoder makes an object of each number in a list of spans before it fails. Such a document is refused before.
func TestListsOfNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, list := range []string{`{"resourceSpans":[1`, `{"resourceSpans":[{"scopeSpans":[{"spans":[null`} {
		body := []byte(list + strings.Repeat(", 1", 500_000) + "]")
		if _, _, err := ReadTraces(body, JSON); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s…: %v, want %v", list, err, ErrTooLarge)
		}
	}
	if _, err := inspectJSON([]byte("]]]]{" + strings.Repeat("}", 1000) + "[,")); err != nil {
		t.Errorf("brackets that close nothing: %v", err)
	}
}
