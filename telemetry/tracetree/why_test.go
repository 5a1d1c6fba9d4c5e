package tracetree

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// late is an order that the kitchen handles at its third attempt, with the attributes that a critical path reads. In link mode
// each hop is a trace of its own.
func late(links bool) []Span {
	l := &hops{story: newStory("7f0c63257de34c92bf9efcd03927272e"), links: links}
	post := l.span("", "order", KindServer, "POST /order", 0, 4200)
	l.transaction(post, "order", 300, "INSERT orders + outbox", []any{"INSERT orders", "INSERT outbox"})
	created := l.message(post, "order", "events", "order.order-confirmed.v2", 9200)
	var cook string
	for i, at := range []int{13_000, 216_000, 1_219_000} {
		with := []func(*Span){attr(attemptKey, int64(i+1)), attr(waitKey, 2.0)}
		if i < 2 {
			with = append(with, failed("oven_cold", "the oven is cold"), attr(settledKey, "retry"))
		}
		cook = l.delivery(created, "kitchen", "events", "order.order-confirmed.v2", "kitchen.order-confirmed", at, 3000, with...)
		l.transaction(cook, "kitchen", at+1000, "INSERT tickets + outbox", []any{"INSERT tickets"})
	}
	boxed := l.message(cook, "kitchen", "events", "kitchen.order-boxed.v1", 1_222_500)
	ride := l.delivery(boxed, "delivery", "events", "kitchen.order-boxed.v1", "delivery.order-boxed", 1_230_000, 50_000, attr(waitKey, 7.0))
	call := l.span(ride, "delivery", KindClient, "GET /order/{id}", 1_240_000, 20_000)
	l.span(call, "order", KindServer, "GET /order/{id}", 1_242_000, 10_000)
	l.message(ride, "delivery", "events", "delivery.order-delivered.v1", 1_280_300)
	return l.all()
}

// hops makes messages with the attributes of the conventions.
type hops struct {
	*story
	links  bool
	done   []Span
	traces int
}

func (l *hops) message(parent, service, exchange, key string, at int) string {
	return l.span(parent, service, KindProducer, "send "+exchange+":"+key, at, 900, attr(operationKey, "send"),
		attr(messageIDKey, key+"#1"), attr(routingKeyKey, key), attr(destinationKey, exchange+":"+key))
}

func (l *hops) delivery(send, service, exchange, key, queue string, at, lasts int, with ...func(*Span)) string {
	with = append(with, attr(operationKey, "process"), attr(messageIDKey, key+"#1"), attr(routingKeyKey, key),
		attr(destinationKey, exchange+":"+key+":"+queue), linked(l.traceOf(send), send))
	if l.links {
		l.done = append(l.done, l.spans...)
		l.traces++
		l.story = newStory(fmt.Sprintf("8%03d%028x", l.traces, l.traces))
		send = ""
	}
	return l.span(send, service, KindConsumer, "process "+exchange+":"+key+":"+queue, at, lasts, with...)
}

func (l *hops) traceOf(span string) string {
	for _, s := range l.all() {
		if s.SpanID == span {
			return s.TraceID
		}
	}
	return ""
}

func (l *hops) all() []Span { return slices.Concat(l.done, l.spans) }

func why(t *testing.T, spans []Span, until func(Span) bool, o PrintOptions) string {
	t.Helper()
	var b strings.Builder
	if err := PrintPath(&b, CriticalPath(Build(spans), until), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The path is the same with parents and with links.
func TestCriticalPathsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for _, links := range []bool{false, true} {
		golden(t, "why.txt", why(t, late(links), nil, PrintOptions{}))
	}
}

// A message whose context was lost is found by its id. What has no id begins a story that no span explains.
func TestACriticalPathCrossesALostContext(t *testing.T) {
	t.Parallel()
	spans := late(true)
	for i := range spans {
		spans[i].Links = nil
	}
	golden(t, "why.txt", why(t, spans, nil, PrintOptions{}))
	for i := range spans {
		delete(spans[i].Attributes, messageIDKey)
	}
	path := CriticalPath(Build(spans), nil)
	if path.From != "POST /order" || path.Steps[0].Kind != Unknown || path.Shares()[Unknown] < 0.9 {
		t.Errorf("%+v", path)
	}
}

// The steps of a path follow each other without a gap, whatever the spans are.
func TestStepsAddUpToTheWhole(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 1))
		spans := randomSpans(random)
		path := CriticalPath(Build(spans), nil)
		at := path.Start
		for _, s := range path.Steps {
			if !s.Start.Equal(at) || s.Took <= 0 {
				t.Fatalf("seed %d: step %+v does not begin at %s", seed, s, at)
			}
			at = at.Add(s.Took)
		}
		if got := at.Sub(path.Start); got != path.Took {
			t.Fatalf("seed %d: the steps take %s of %s", seed, got, path.Took)
		}
	}
}

// randomSpans are spans of two traces with parents, links, messages and times that need not make sense.
func randomSpans(random *rand.Rand) []Span {
	kinds := []string{KindInternal, KindServer, KindClient, KindProducer, KindConsumer}
	settled := []string{"", "ack", "retry", "dead", "requeue"}
	n := 1 + random.IntN(12)
	spans := make([]Span, 0, n)
	for i := range n {
		s := Span{
			TraceID: fmt.Sprintf("%032x", 1+random.IntN(2)), SpanID: fmt.Sprintf("%016x", i+1), Name: fmt.Sprint("span ", i),
			Kind: kinds[random.IntN(len(kinds))], Service: fmt.Sprint("service", random.IntN(3)),
			Start: epoch.Add(time.Duration(random.IntN(50)) * time.Millisecond), Duration: time.Duration(random.IntN(30)) * time.Millisecond,
			Attributes: map[string]any{
				messageIDKey: fmt.Sprint(random.IntN(3)), destinationKey: "events:key:queue", routingKeyKey: "key",
				settledKey: settled[random.IntN(len(settled))], waitKey: float64(random.IntN(20)), attemptKey: int64(random.IntN(3)),
			},
		}
		if i > 0 && random.IntN(3) > 0 {
			s.ParentID = fmt.Sprintf("%016x", 1+random.IntN(n))
		}
		if random.IntN(2) == 0 {
			s.Links = []Link{{TraceID: fmt.Sprintf("%032x", 1+random.IntN(2)), SpanID: fmt.Sprintf("%016x", 1+random.IntN(n))}}
		}
		if random.IntN(4) == 0 {
			s.Attributes["db.system.name"] = "sqlite"
		}
		spans = append(spans, s)
	}
	return spans
}

func TestAPathEndsAtTheSpanThatIsAskedFor(t *testing.T) {
	t.Parallel()
	path := CriticalPath(Build(late(false)), func(s Span) bool { return s.Name == "send events:kitchen.order-boxed.v1" })
	if path.To != "send events:kitchen.order-boxed.v1" || path.Shares()[BackOff] < 0.95 {
		t.Errorf("%+v", path)
	}
	if empty := CriticalPath(Build(nil), nil); len(empty.Steps) != 0 {
		t.Errorf("%+v", empty)
	}
}
