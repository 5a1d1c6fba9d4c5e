package tracetree

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// recordings are the same shop with a parent across the queue, and with links. They were recorded one after the other.
var recordings = []string{"amqplib-parent", "amqplib-links"}

// foreign returns the spans that Node's amqplib instrumentation left. Their attributes have the names from before version 1.17.
func foreign(tb testing.TB, file string) []Span {
	tb.Helper()
	body, err := os.Open(filepath.Join("testdata", "otlp", file))
	if err != nil {
		tb.Fatal(err)
	}
	defer body.Close()
	spans, err := ReadOTLP(body)
	if err != nil {
		tb.Fatal(err)
	}
	return spans
}

func TestForeignSpansHaveTheGoldenTrees(t *testing.T) {
	t.Parallel()
	for _, name := range recordings {
		var b strings.Builder
		if err := Print(&b, Join(Build(foreign(t, name+".json"))), PrintOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", b.String())
	}
}

func TestForeignSpansHaveTheGoldenWaterfalls(t *testing.T) {
	t.Parallel()
	for _, name := range recordings {
		tree := Join(Build(foreign(t, name+".json")))
		golden(t, name+"-waterfall.txt", drawn(NewWaterfall(tree, CriticalPath(tree, nil))))
	}
}

// drawn is a waterfall as a text that a person can review.
func drawn(w Waterfall) string {
	var b strings.Builder
	ms := func(v float64) string { return fmt.Sprintf("%.1f", v) }
	for i, r := range w.Rows {
		fmt.Fprintf(&b, "%2d %s%s · %s · at %s took %s", i, strings.Repeat("  ", r.Depth), r.Name, r.Service, ms(r.StartMS), ms(r.DurationMS))
		if r.Wait != nil {
			fmt.Fprintf(&b, " · wait %s in %s told %t", ms(r.Wait.MS), r.Wait.Queue, r.Wait.Told)
		}
		if r.BackOff != nil {
			fmt.Fprintf(&b, " · back-off %s after %d dead %t", ms(r.BackOff.MS), r.BackOff.After, r.BackOff.Dead)
		}
		if r.Attempt > 0 {
			fmt.Fprintf(&b, " · attempt %d %s", r.Attempt, r.Settled)
		}
		if r.Messaging != nil {
			fmt.Fprintf(&b, " · %s %s:%s:%s old %t", r.Messaging.Operation, r.Messaging.Exchange, cmp.Or(r.Messaging.RoutingKey, r.Messaging.Topic), r.Messaging.Queue, r.Messaging.Old)
		}
		for _, c := range r.Critical {
			fmt.Fprintf(&b, " · critical %s-%s", ms(c[0]), ms(c[1]))
		}
		for _, text := range []string{r.Error, r.Warning, strings.Join(r.Injected, " ")} {
			if text != "" {
				b.WriteString(" · " + text)
			}
		}
		if r.Joined {
			b.WriteString(" · joined")
		}
		b.WriteByte('\n')
	}
	for _, l := range w.Links {
		fmt.Fprintf(&b, "link %d → %d %v\n", l.From, l.To, l.Attributes)
	}
	return b.String()
}

// handling is what a message is in both recordings.
type heard struct {
	ID, Subject, Queue, Producer, Consumer string
	State                                  State
	Settled                                []string
	Numbers                                []int
}

func TestParentsAndLinksGiveTheSameJourneys(t *testing.T) {
	t.Parallel()
	want := []heard{
		{"m1", "basket.bought", "warehouse", "web", "warehouse", Done, []string{""}, []int{1}},
		{"m2", "basket.bought", "warehouse", "web", "warehouse", Done, []string{"requeue", ""}, []int{1, 2}},
		{"m3", "basket.bought", "warehouse", "web", "warehouse", Done, []string{""}, []int{1}},
		{"p1", "parcel.packed", "mailer", "warehouse", "mailer", Done, []string{""}, []int{1}},
		{"p2", "parcel.packed", "mailer", "warehouse", "mailer", Done, []string{""}, []int{1}},
		{"p3", "parcel.packed", "mailer", "warehouse", "mailer", Dead, []string{"dead"}, []int{1}},
	}
	for _, name := range recordings {
		spans := foreign(t, name+".json")
		var got []heard
		for _, m := range Messages(spans, Routing{}) {
			h := heard{ID: m.ID, Subject: m.Subject(), Queue: m.Queue, Producer: m.Producer, Consumer: m.Consumer, State: m.State}
			for _, a := range m.Attempts {
				h.Settled, h.Numbers = append(h.Settled, a.Settled), append(h.Numbers, a.Number)
			}
			got = append(got, h)
		}
		slices.SortFunc(got, func(a, b heard) int { return cmp.Compare(a.ID, b.ID) })
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		for _, s := range spans {
			if _, is := MessagingOf(s); is && !strings.HasPrefix(Conversation(s), "basket-") {
				t.Errorf("%s: %s has the conversation %q", name, s.Name, Conversation(s))
			}
		}
	}
}

// Map, diagram and path read foreign spans as those of Traceria.
func TestForeignSpansAreOnTheMap(t *testing.T) {
	t.Parallel()
	for _, name := range recordings {
		m := NewMap(Build(foreign(t, name+".json")))
		var got []string
		for _, e := range m.Edges {
			got = append(got, fmt.Sprintf("%s -%s-> %s -> %s ×%d errors %d wait %t", e.From, e.What, e.Queue, e.To, e.Count, e.Errors, e.Wait != nil))
		}
		want := []string{
			"warehouse -parcel.packed-> mailer -> mailer ×3 errors 1 wait true",
			"web -basket.bought-> warehouse -> warehouse ×4 errors 1 wait true",
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		var b strings.Builder
		if err := Mermaid(&b, Build(foreign(t, name+".json"))); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"p0-)p1: basket.bought (waited ~", "basket.bought (attempt 2)", "nack called on message with requeue, settled requeue"} {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s: %q is missing in\n%s", name, part, b.String())
			}
		}
	}
}

// The journeys of both recordings differ in nothing but times.
func TestForeignJourneysCompare(t *testing.T) {
	t.Parallel()
	var groups [2][]*Tree
	for i, name := range recordings {
		byConversation := map[string][]Span{}
		joined := Join(Build(foreign(t, name+".json")))
		for _, root := range joined.Roots {
			conversation := ""
			root.walk(func(n *Node, _ int) { conversation = cmp.Or(conversation, Conversation(n.Span)) }, 0)
			root.walk(func(n *Node, _ int) { byConversation[conversation] = append(byConversation[conversation], n.Span) }, 0)
		}
		if len(byConversation) != 3 {
			t.Fatalf("%s has %d conversations", name, len(byConversation))
		}
		for _, conversation := range []string{"basket-1", "basket-2", "basket-3"} {
			groups[i] = append(groups[i], Build(byConversation[conversation]))
		}
	}
	for _, h := range NewComparison(groups[0], groups[1]).Hops {
		if h.A == nil || h.B == nil || h.A.Count != h.B.Count || h.A.Errors != h.B.Errors || h.A.Attempts != h.B.Attempts {
			t.Errorf("%s of %s differs: %+v, %+v", h.Name, h.Service, h.A, h.B)
		}
		if strings.HasSuffix(h.Name, "process") && (h.Queue != strings.TrimSuffix(h.Name, " process") || h.A.Attempts < 2 && h.A.Wait == nil) {
			t.Errorf("%s is in the queue %q with %+v", h.Name, h.Queue, h.A)
		}
	}
	path := CriticalPath(Join(groups[1][1]), nil)
	if got := path.Reason(); path.From != "POST /buy" || path.Shares()[Unknown] > 0 || !strings.Contains(got, "in the queue warehouse") || path.Took < 100*time.Millisecond {
		t.Errorf("%s from %s", got, path.From)
	}
}
