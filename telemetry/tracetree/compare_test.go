package tracetree

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEqualShapesHaveNoDifference(t *testing.T) {
	t.Parallel()
	shape := Shape(Build(happyPath()))
	for what, same := range map[string]string{
		"itself":         shape,
		"Windows lines":  strings.ReplaceAll(shape, "\n", "\r\n"),
		"no last break":  strings.TrimSpace(shape),
		"other columns":  strings.ReplaceAll(shape, "  order  ", "        order      "),
		"trailing space": strings.ReplaceAll(shape, "\n", "   \n"),
	} {
		if diff := Compare(shape, same); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if diff := Compare("", Shape(Build(nil))); diff != "" {
		t.Error(diff)
	}
}

func TestADifferenceShowsTheLinesAroundIt(t *testing.T) {
	t.Parallel()
	spans := happyPath()
	for i := range spans {
		if strings.HasSuffix(spans[i].Name, "loyalty.order-confirmed") {
			spans[i].Name = "process lost"
		}
	}
	golden(t, "compare.txt", Compare(Shape(Build(happyPath())), Shape(Build(spans))))
}

func TestTheDepthOfASpanIsADifference(t *testing.T) {
	t.Parallel()
	want := "a\n├─ b\n└─ c\n"
	got := "a\n└─ b\n   └─ c\n"
	wantDiff := "the shape of the trace differs (- wanted, + found):\n" +
		"  a\n- ├─ b\n- └─ c\n+ └─ b\n+    └─ c\n"
	if diff := cmp.Diff(wantDiff, Compare(want, got)); diff != "" {
		t.Error(diff)
	}
}

// For any two texts, the "-" and " " lines are the wanted text, and the "+" and " " lines are the found one.
func TestADifferenceLosesNoLine(t *testing.T) {
	t.Parallel()
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "├─ a"}), 1, 8)
	rapid.Check(t, func(t *rapid.T) {
		wanted, found := lines.Draw(t, "wanted"), lines.Draw(t, "found")
		var left, right []string
		for _, e := range diff(wanted, found) {
			if e.sign != '+' {
				left = append(left, e.line)
			}
			if e.sign != '-' {
				right = append(right, e.line)
			}
		}
		if d := cmp.Diff(wanted, left) + cmp.Diff(found, right); d != "" {
			t.Fatal(d)
		}
		equal := fmt.Sprint(wanted) == fmt.Sprint(found)
		if (Compare(strings.Join(wanted, "\n"), strings.Join(found, "\n")) == "") != equal {
			t.Fatal("Compare says otherwise")
		}
	})
}
