package tracetree

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJoinedTracesAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for file, spans := range map[string][]Span{"joined.txt": linkMode(), "joined-late.txt": late(true)} {
		var b strings.Builder
		if err := Print(&b, Join(Build(spans)), PrintOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.String())
	}
}

// Links may lead in circles. Each span is in the joined tree once, and the tree that was joined stays as it was.
func TestJoiningLosesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		tree := Build(randomSpans(rand.New(rand.NewPCG(seed, 2))))
		before := Shape(tree)
		ids := func(spans []Span) (ids []string) {
			for _, s := range spans {
				ids = append(ids, s.TraceID+s.SpanID)
			}
			slices.Sort(ids)
			return ids
		}
		if diff := cmp.Diff(ids(tree.Spans()), ids(Join(tree).Spans())); diff != "" {
			t.Fatalf("seed %d (-before +after):\n%s", seed, diff)
		}
		if Shape(tree) != before {
			t.Fatalf("seed %d: Join has changed its argument", seed)
		}
	}
}
