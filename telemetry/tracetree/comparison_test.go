package tracetree

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Both views of the same two stories have the same places, and the same times in them.
func TestComparisonAndDifferenceAgree(t *testing.T) {
	t.Parallel()
	pairs := [][2]*Tree{{Build(prompt()), Build(late(false))}, {Build(late(true)), Build(late(false))}, {Build(nil), Build(happyPath())}}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 4))
		pairs = append(pairs, [2]*Tree{Build(randomSpans(random)), Build(randomSpans(random))})
	}
	for i, pair := range pairs {
		d, c := Differ(pair[0], pair[1]), NewComparison(pair[:1], pair[1:])
		if len(d.Hops) != len(c.Hops) {
			t.Fatalf("pair %d: %d and %d places", i, len(d.Hops), len(c.Hops))
		}
		for j, h := range d.Hops {
			got := c.Hops[j]
			if h.Name != got.Name || h.Service != got.Service || !agree(h.A, got.A) || !agree(h.B, got.B) {
				t.Fatalf("pair %d, place %d: %+v and %+v", i, j, h, got)
			}
		}
	}
}

func agree(h *HopTimes, times *Times) bool {
	if h == nil || times == nil {
		return h == nil && times == nil
	}
	wait := time.Duration(0)
	if times.Wait != nil {
		wait = times.Wait.P50
	}
	return times.Count == 1 && times.Work.P50 == h.Took && times.Work.P95 == h.Took && wait == h.Waited && (times.Errors == 1) == (h.Error != "")
}

func TestGroupsCompareByMedianAndPercentile(t *testing.T) {
	t.Parallel()
	var a, b []*Tree
	for i := range 20 {
		k := newKafka()
		k.handled(k.sent("", "shop", 0), "billing", 2000+i*1000)
		a = append(a, Build(k.spans))
		if i%2 == 0 {
			k.handled(k.spans[0].SpanID, "billing", 90_000, func(s *Span) { s.Status = StatusError })
			k.handled(k.spans[0].SpanID, "billing", 191_000)
			k.sent(k.spans[1].SpanID, "billing", 30_000)
			b = append(b, Build(k.spans))
		}
	}
	document, err := json.MarshalIndent(NewComparison(a, b), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "comparison.json", string(document)+"\n")
	if empty := NewComparison(nil, nil); empty.Hops == nil || len(empty.Hops) != 0 {
		t.Errorf("nothing has the hops %+v", empty.Hops)
	}
}

func TestAReasonIsOneSentence(t *testing.T) {
	t.Parallel()
	dead := func() []Span {
		k := newKafka()
		send := k.sent("", "shop", 0)
		k.handled(send, "billing", 5_000, failed("no_money", "no <money>\n\x1b[31m"), attr(settledKey, "dead"))
		k.handled(send, "billing", 9_000_000)
		return k.spans
	}
	waits := func() []Span {
		k := newKafka()
		k.handled(k.sent("", "shop", 0), "billing", 800_000)
		return k.spans
	}
	for want, spans := range map[string][]Span{
		"": nil,
		"It took 1.3 s: 1.2 s in back-offs of kitchen.order-confirmed (3 attempts, the oven is cold).": late(true),
		"It took 9 s: 9 s as a dead letter of orders:billing (no <money> \\x1b[31m).":                  dead(),
		"It took 801 ms: 799 ms in the queue orders:billing.":                                          waits(),
	} {
		if got := CriticalPath(Build(spans), nil).Reason(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	long := CriticalPath(Build([]Span{{SpanID: "1", TraceID: "1", Name: "a", Service: strings.Repeat("x", 5000), Start: epoch, Duration: time.Second}}), nil).Reason()
	if len(long) > 400 {
		t.Errorf("a reason of %d bytes", len(long))
	}
	if diff := cmp.Diff("It took 4.2 ms: 4.2 ms of work in order.", CriticalPath(Build(happyPath()[:1]), nil).Reason()); diff != "" {
		t.Error(diff)
	}
}

// traceria.queue.wait_ms of a later attempt counts from the attempt before: all of it is back-off.
func TestABackOffIsNotComparedAsAWaitToo(t *testing.T) {
	t.Parallel()
	s := newStory(someTrace)
	at := func(n int64) func(*Span) {
		return func(p *Span) {
			attr(attemptKey, n)(p)
			attr("messaging.message.id", "m")(p)
			attr("messaging.system", "rabbitmq")(p)
			attr(queueKey, "kitchen.a")(p)
		}
	}
	send := s.send("", "order", "events:a", 0)
	s.process(send, "kitchen", "events:a:kitchen.a", 3_000, 500, at(1), failed("x", "x"), attr(settledKey, "retry"))
	s.process(send, "kitchen", "events:a:kitchen.a", 5_003_500, 500, at(2), attr(waitKey, 5_000.0))
	tree := []*Tree{Build(s.spans)}
	for _, h := range NewComparison(tree, tree).Hops {
		if h.A.BackOff != nil && (h.A.Wait != nil || h.A.BackOff.P50 != 5*time.Second) {
			t.Errorf("%s: back-off %v and wait %v", h.Name, h.A.BackOff, h.A.Wait)
		}
	}
	if hops := Differ(tree[0], tree[0]).Hops; hops[len(hops)-1].A.Waited != 0 {
		t.Errorf("the second attempt waited %s", hops[len(hops)-1].A.Waited)
	}
}
