package tracetree

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestShapesAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for name, spans := range map[string][]Span{
		"order.shape": happyPath(), "links.shape": linkMode(), "clinic.shape": clinic(), "nothing.shape": nil,
		"transactions.shape": transactions(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, Shape(Build(spans)))
		})
	}
}

// Each difference that a test must notice changes the shape.
func TestShapeTellsWhatMatters(t *testing.T) {
	t.Parallel()
	original := Shape(Build(clinic()))
	changes := map[string]func(s []Span){
		"name":            func(s []Span) { s[5].Name = "send elsewhere" },
		"kind":            func(s []Span) { s[5].Kind = KindClient },
		"service":         func(s []Span) { s[5].Service = "staff" },
		"parent":          func(s []Span) { s[5].ParentID = "" },
		"lost parent":     func(s []Span) { s[5].ParentID = "00000000000000aa" },
		"error":           func(s []Span) { s[5].Status = StatusError },
		"link":            func(s []Span) { s[6].Links = nil },
		"attempt":         func(s []Span) { s[7].Attributes[attemptKey] = int64(7) },
		"settled":         func(s []Span) { s[7].Attributes[settledKey] = "ack" },
		"injected":        func(s []Span) { delete(s[6].Attributes, failureKey) },
		"duplicate":       func(s []Span) { s[5].Attributes[duplicateKey] = true },
		"a statement":     func(s []Span) { s[2].Name = "INSERT outbox" },
		"trace":           func(s []Span) { s[11].TraceID = "1e0c63257de34c92bf9efcd03927272e" },
		"another message": func(s []Span) { s[6].Attributes[errorTypeKey] = "oven_hot" },
	}
	for name, change := range changes {
		spans := clinic()
		change(spans)
		if Compare(original, Build(spans)) == "" {
			t.Errorf("a change of the %s is not seen", name)
		}
	}
}

// anySpans draws spans of up to three traces. A parent may be missing, the span itself, or any other span.
func anySpans(t *rapid.T) []Span {
	n := rapid.IntRange(0, 14).Draw(t, "spans")
	traces := []string{"aa", "bb", "cc"}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%02x", i+1)
	}
	parents := append([]string{"", "", "99"}, ids...)
	spans := make([]Span, n)
	for i := range spans {
		spans[i] = Span{
			TraceID: rapid.SampledFrom(traces).Draw(t, "trace"), SpanID: ids[i],
			ParentID: rapid.SampledFrom(parents).Draw(t, "parent"),
			Name:     rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"),
			Service:  rapid.SampledFrom([]string{"order", "kitchen"}).Draw(t, "service"),
			Kind:     rapid.SampledFrom([]string{KindClient, KindConsumer}).Draw(t, "kind"),
			Start:    epoch.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "start")) * time.Millisecond),
			Duration: time.Duration(rapid.IntRange(0, 5).Draw(t, "duration")) * time.Millisecond,
		}
		if rapid.Bool().Draw(t, "database") {
			spans[i].Attributes = map[string]any{"db.system.name": "sqlite"}
		}
	}
	for i := range spans {
		for range rapid.IntRange(0, 2).Draw(t, "links") {
			target := spans[rapid.IntRange(0, n-1).Draw(t, "link")]
			spans[i].Links = append(spans[i].Links, Link{TraceID: target.TraceID, SpanID: target.SpanID})
		}
	}
	return spans
}

func TestEverySpanIsInTheTreeOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := anySpans(t)
		twice := append(append([]Span{}, spans...), spans...)
		tree := Build(twice)
		seen := map[key]int{}
		tree.Walk(func(n *Node, _ int) {
			seen[n.key()]++
			for _, child := range n.Children {
				if child.parentKey() != n.key() {
					t.Fatalf("%v is under %v", child.Span, n.Span)
				}
			}
		})
		for _, s := range spans {
			if seen[s.key()] != 1 {
				t.Fatalf("span %v is %d times in the tree", s, seen[s.key()])
			}
		}
		if len(tree.Spans()) != len(spans) {
			t.Fatalf("%d spans became %d", len(spans), len(tree.Spans()))
		}
		warned := 0
		for _, root := range tree.Roots {
			if (root.ParentID != "") != (root.Warning != "") {
				t.Fatalf("root %v has the warning %q", root.Span, root.Warning)
			}
			if root.Warning != "" {
				warned++
			}
		}
		if warned != len(tree.Orphans) {
			t.Fatalf("%d warnings, %d orphans", warned, len(tree.Orphans))
		}
	})
}

func TestBuildDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := anySpans(t)
		want := renderAll(t, spans)
		shuffled := rapid.Permutation(spans).Draw(t, "shuffled")
		if got := renderAll(t, shuffled); got != want {
			t.Fatalf("in another order:\n%s\nwant:\n%s", got, want)
		}
	})
}

func renderAll(t *rapid.T, spans []Span) string {
	var b strings.Builder
	if err := Print(&b, Build(spans), PrintOptions{Database: true}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestShapeDoesNotDependOnOrderTimesAndIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := anySpans(t)
		want := Shape(Build(spans))
		seed := rapid.Uint64().Draw(t, "seed")
		if got := Shape(Build(disguised(spans, seed))); got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
	})
}

// disguised returns the same story with other ids and times, in another order.
func disguised(spans []Span, seed uint64) []Span {
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test's disguise is no secret
	names := map[string]string{"": ""}
	id := func(old string) string {
		if _, known := names[old]; !known {
			names[old] = fmt.Sprintf("%012x%04x", random.Uint64()&0xffffffffffff, len(names))
		}
		return names[old]
	}
	out := make([]Span, len(spans))
	for i, s := range spans {
		s.TraceID, s.SpanID, s.ParentID = id(s.TraceID), id(s.SpanID), id(s.ParentID)
		s.Start, s.Duration = epoch.Add(time.Duration(random.IntN(1e9))), time.Duration(random.IntN(1e9))
		links := make([]Link, len(s.Links))
		for j, l := range s.Links {
			links[j] = Link{TraceID: id(l.TraceID), SpanID: id(l.SpanID)}
		}
		random.Shuffle(len(links), func(a, b int) { links[a], links[b] = links[b], links[a] })
		s.Links = links
		out[i] = s
	}
	random.Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] })
	return out
}

func TestTheShapesOfRealStoriesDoNotDependOnOrderTimesAndIDs(t *testing.T) {
	t.Parallel()
	for _, spans := range [][]Span{happyPath(), linkMode(), clinic(), transactions()} {
		want := Shape(Build(spans))
		for seed := range uint64(50) {
			if diff := Compare(want, Build(disguised(spans, seed))); diff != "" {
				t.Fatalf("seed %d: %s", seed, diff)
			}
		}
	}
}

// A chain of 2,000 hops (a redrive in a loop) is written without delay.
func TestADeepTraceIsWritten(t *testing.T) {
	t.Parallel()
	s := newStory(someTrace)
	parent := ""
	for i := range 2000 {
		parent = s.process(parent, "order", "loop", i, 1)
	}
	// A headline, an empty line, the names of the columns, the spans, an empty line and the legend.
	if lines := strings.Count(printed(t, s.spans, PrintOptions{Width: 80}), "\n"); lines != 2000+5 {
		t.Errorf("%d lines", lines)
	}
	if lines := strings.Count(Shape(Build(s.spans)), "\n"); lines != 2000 {
		t.Errorf("a shape of %d lines", lines)
	}
}
