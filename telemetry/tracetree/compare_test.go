package tracetree

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEqualTreesHaveNoDifference(t *testing.T) {
	t.Parallel()
	tree := Build(happyPath())
	shape := Shape(tree)
	for what, same := range map[string]string{
		"itself":         shape,
		"Windows lines":  strings.ReplaceAll(shape, "\n", "\r\n"),
		"no last break":  strings.TrimSpace(shape),
		"other columns":  strings.ReplaceAll(shape, "  order  ", "        order      "),
		"trailing space": strings.ReplaceAll(shape, "\n", "   \n"),
		"comments":       "# A comment.\n\n" + shape,
	} {
		if diff := Compare(same, tree); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	if diff := Compare("", Build(nil)); diff != "" {
		t.Error(diff)
	}
	if diff := Compare("", tree); diff == "" {
		t.Error("an empty golden tree is like a tree with spans")
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
	golden(t, "compare.txt", Compare(Shape(Build(happyPath())), Build(spans)))
}

// grown is a small trace: a request, one send, and three attempts.
func grown() []Span {
	s := newStory(someTrace)
	root := s.span("", "order", KindServer, "POST /order", 0, 1000, attr("http.response.status_code", 202))
	send := s.send(root, "order", "events:a", 2000)
	for attempt, at := range []int{3000, 203000, 1303000} {
		s.process(send, "kitchen", "events:a:kitchen.a", at, 500, attr(attemptKey, int64(attempt+1)), attr(waitKey, float64(at)/1000-2.9))
	}
	return s.spans
}

const grownTree = `# The first attempt waits less than a second.
POST /order                       order    server    took < 1s, [http.response.status_code=202], [!error.type]
└─ send events:a                  order    producer
   ├─ process events:a:kitchen.a  kitchen  consumer  ↑link, waited < 100ms
   └─ process events:a:kitchen.a  kitchen  consumer  attempt *, ↑link, waited >= 200ms, times 1..3
none: *  loyalty
count 3: process *  kitchen  consumer
before: POST /order | process events:a:kitchen.a
`

func TestAGoldenTreeHasConditions(t *testing.T) {
	t.Parallel()
	if diff := Compare(grownTree, Build(grown())); diff != "" {
		t.Fatal(diff)
	}
	for name, wrong := range map[string]struct {
		from, to string
		want     string // a line of the difference
	}{
		"took":         {"took < 1s", "took > 1s", "+ POST /order  order  server  took 1 ms"},
		"waited":       {"waited >= 200ms", "waited >= 1s", "+    ├─ process events:a:kitchen.a  kitchen  consumer  attempt 2, ↑link, waited 200 ms"},
		"value":        {"=202", "=200", "+ POST /order  order  server  [http.response.status_code=202]"},
		"absent":       {"[!error.type]", "[!http.response.status_code]", "+ POST /order  order  server  [http.response.status_code=202]"},
		"present":      {"[!error.type]", "[error.type]", "+ POST /order  order  server  [!error.type]"},
		"times":        {"times 1..3", "times 3..", "-    └─ process events:a:kitchen.a  kitchen  consumer  attempt *, ↑link, waited >= 200ms, times 3.."},
		"one too many": {", times 1..3", "", "+    └─ process events:a:kitchen.a  kitchen  consumer  attempt 3, ↑link"},
		"note":         {"attempt *", "attempt 2", "+    └─ process events:a:kitchen.a  kitchen  consumer  attempt 3, ↑link"},
		"missing":      {"none: *  loyalty", "   └─ send events:b  kitchen  producer", "-    └─ send events:b  kitchen  producer"},
		"none":         {"none: *  loyalty", "none: *  kitchen  *  attempt 3", "+ process events:a:kitchen.a  kitchen  consumer  attempt 3, ↑link"},
		"count":        {"count 3:", "count 1..2:", "- count 1..2: process *  kitchen  consumer"},
		"not":          {"none: *  loyalty", "none: *  !order", "- none: *  !order"},
		"a gap":        {"| process events:a:kitchen.a", "| process events:a:kitchen.a | 1s", "+ process events:a:kitchen.a began 2 ms after POST /order ended"},
		"before":       {"before: POST /order | process events:a:kitchen.a", "before: process * | send *", "+ process events:a:kitchen.a ended 1.3 s after send events:a began"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := strings.Replace(grownTree, wrong.from, wrong.to, 1)
			if tree == grownTree {
				t.Fatal("nothing is replaced")
			}
			if diff := Compare(tree, Build(grown())); !strings.Contains(diff, "\n"+wrong.want+"\n") {
				t.Errorf("no line %q in\n%s", wrong.want, diff)
			}
		})
	}
}

func TestAGoldenTreeMayHaveOptionalNotes(t *testing.T) {
	t.Parallel()
	const tree = "a  order  client  error?, injected: x?\n"
	for _, with := range []func(*Span){attr("y", 1), attr(failureKey, "x"), func(s *Span) { s.Status = StatusError }} {
		s := newStory(someTrace)
		s.span("", "order", KindClient, "a", 0, 1, with)
		if diff := Compare(tree, Build(s.spans)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAWrongGoldenTreeNamesTheLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a  order": "line 1: \"a  order\": the kind is missing",
		"a  order  client\n ├─ b  order  client":      "line 2: \"b  order  client\": each level of the tree takes 3 characters",
		"a  order  client\n│  │  └─ b  order  client": "line 2: \"b  order  client\" is more than one level below",
		"a  o  client  waited >= 3":                   "\"waited >= 3\": want a time such as 200ms or 1s",
		"a  o  client  times 3..1":                    "\"3..1\": want a number",
		"before: a":                                   "want before: NAME | NAME",
		"count some: a":                               "\"some\": want a number",
		"a  o  client\ntrace":                         "the first of several traces has this line, too",
	} {
		if _, err := ParseGolden(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestTheDepthOfASpanIsADifference(t *testing.T) {
	t.Parallel()
	s := newStory(someTrace)
	a := s.span("", "o", KindClient, "a", 0, 9)
	b := s.span(a, "o", KindClient, "b", 1, 8)
	s.span(b, "o", KindClient, "c", 2, 7)
	wantDiff := "the shape of the trace differs (- wanted, + found):\n" +
		"  a  o  client\n  ├─ b  o  client\n+ │  └─ c  o  client\n- └─ c  o  client\n"
	if diff := cmp.Diff(wantDiff, Compare("a  o  client\n├─ b  o  client\n└─ c  o  client\n", Build(s.spans))); diff != "" {
		t.Error(diff)
	}
}

// A shape is a golden tree of its spans in any order, and of no tree with another shape.
func TestAShapeIsAGoldenTree(t *testing.T) {
	t.Parallel()
	odd := rapid.SampledFrom([]string{
		"a", "trace", "# a", "none: a  b", "count 1: a", "before: a | b", `\a`, "!a", "*", "├─ a", "a  b", "", "took < 1s", "[a]", "times 2", "a?", "a, b", "[a, b",
	})
	rapid.Check(t, func(t *rapid.T) {
		spans := anySpans(t)
		for i := range spans {
			spans[i].Name, spans[i].Service = odd.Draw(t, "name"), odd.Draw(t, "service")
			spans[i].Attributes = map[string]any{errorTypeKey: odd.Draw(t, "error")}
		}
		shape := Shape(Build(spans))
		if diff := Compare(shape, Build(spans)); diff != "" {
			t.Fatalf("%s\n%s", shape, diff)
		}
		if len(spans) > 0 {
			i := rapid.IntRange(0, len(spans)-1).Draw(t, "changed")
			spans[i].Name = "another name"
			if Compare(shape, Build(spans)) == "" {
				t.Fatalf("a changed name has no difference:\n%s", shape)
			}
		}
	})
}

func TestSpansAreQuietSomeTimeAfterTheLastOne(t *testing.T) {
	t.Parallel()
	for ago, want := range map[time.Duration]bool{time.Second: false, 4 * time.Second: true, -time.Second: false, -5 * time.Minute: true} {
		if got := Quiet([]Span{{Start: time.Now().Add(-ago)}}); got != want {
			t.Errorf("a span that ended %s ago: quiet is %t", ago, got)
		}
	}
}
