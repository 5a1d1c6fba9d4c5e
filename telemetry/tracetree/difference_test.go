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
