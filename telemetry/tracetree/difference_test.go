package tracetree

import (
	"strings"
	"testing"
	"time"
)

// prompt is the order of late without its failed attempts.
func prompt() []Span {
	var spans []Span
	drop := map[string]bool{}
	for _, s := range late(false) {
		if s.failed() || drop[s.ParentID] {
			drop[s.SpanID] = true
			continue
		}
		if s.Name == "process events:order.order-confirmed.v2:kitchen.order-confirmed" {
			s.Attributes[attemptKey] = int64(1)
		}
		if s.Start.After(epoch.Add(time.Second)) {
			s.Start = s.Start.Add(-1206 * time.Millisecond)
		}
		spans = append(spans, s)
	}
	return spans
}

func TestDifferencesAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for file, pair := range map[string][2][]Span{
		"difference.txt":         {prompt(), late(false)},
		"difference-reverse.txt": {late(false), prompt()},
		"difference-none.txt":    {prompt(), prompt()},
		"difference-all.txt":     {nil, prompt()},
	} {
		var b strings.Builder
		if err := PrintDifference(&b, Differ(Build(pair[0]), Build(pair[1])), PrintOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.String())
	}
}

// Delivery acts on the later of two messages. Which one that is may differ, but the work is in both stories.
func TestAHopThatMovedIsInBothStories(t *testing.T) {
	t.Parallel()
	story := func(parent string) *Tree {
		at := func(id, parent, name string, ms int) Span {
			return Span{TraceID: "t", SpanID: id, ParentID: parent, Name: name, Service: "delivery", Kind: KindInternal, Start: epoch.Add(time.Duration(ms) * time.Millisecond), Duration: time.Millisecond}
		}
		return Build([]Span{at("1", "", "order", 0), at("2", "1", "confirmed", 1), at("3", "1", "boxed", 2), at("4", parent, "deliver", 3)})
	}
	for _, h := range Differ(story("2"), story("3")).Hops {
		if h.A == nil || h.B == nil {
			t.Errorf("%s is in one story only", h.Name)
		}
	}
}
