package tracetree

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// shapes of many spans that take long where a loop is quadratic.
var wild = map[string]func(i int) Span{
	"a chain": func(i int) Span { return Span{ParentID: spanID(i - 1)} },
	"a chain of messages": func(i int) Span {
		return Span{ParentID: spanID(i - 1), Kind: [2]string{KindConsumer, KindProducer}[i%2], Attributes: rabbit("m")}
	},
	"attempts at one message": func(i int) Span {
		return Span{Kind: KindConsumer, Status: StatusError, Attributes: rabbit("m")}
	},
	"one start": func(int) Span {
		return Span{Kind: KindConsumer, Start: epoch, Status: StatusError, Attributes: rabbit("m")}
	},
	"sends of one message": func(int) Span { return Span{Kind: KindProducer, Attributes: rabbit("m")} },
	"calls of one span": func(i int) Span {
		return Span{ParentID: spanID(min(i, 1) - 1), Kind: KindClient, Duration: time.Microsecond}
	},
	"calls at once": func(i int) Span {
		return Span{ParentID: spanID(min(i, 1) - 1), Kind: KindClient, Start: epoch, Duration: time.Duration(i+1) * time.Microsecond}
	},
	"a chain of traces": func(i int) Span {
		return Span{TraceID: fmt.Sprintf("%032x", i+1), Links: []Link{{TraceID: fmt.Sprintf("%032x", i), SpanID: spanID(i - 1)}}}
	},
	"a chain of traces, backwards": func(i int) Span {
		return Span{TraceID: fmt.Sprintf("%032x", i+1), Links: []Link{{TraceID: fmt.Sprintf("%032x", i+2), SpanID: spanID(i + 1)}}}
	},
	"traces that link to one": func(i int) Span {
		return Span{TraceID: fmt.Sprintf("%032x", i+1), Links: []Link{{TraceID: fmt.Sprintf("%032x", 1), SpanID: spanID(0)}}}
	},
	"database calls in a chain": func(i int) Span {
		s := Span{ParentID: spanID(i - 1), Kind: KindClient, Duration: time.Second, Attributes: map[string]any{"db.system": "x"}}
		if i == wildSpans-1 {
			s.Status = StatusError
		}
		return s
	},
	"a batch": func(i int) Span {
		s := Span{Kind: KindProducer, Attributes: rabbit("")}
		if i == wildSpans-1 {
			s.Kind = KindConsumer
			for j := range i {
				s.Links = append(s.Links, Link{TraceID: someTrace, SpanID: spanID(j)})
			}
		}
		return s
	},
	"a circle": func(i int) Span { return Span{ParentID: spanID((i + 1) % wildSpans)} },
}

const (
	wildSpans = 10_000
	// mostTime is for the race detector, which takes ten times as long as the 0.4 s without it. A quadratic loop takes minutes.
	mostTime = 15 * time.Second
)

func spanID(i int) string {
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("%016x", i+1)
}

func rabbit(id string) map[string]any {
	return map[string]any{systemKey: "rabbitmq", messageIDKey: id, destinationKey: "events:key:q", routingKeyKey: "key"}
}

func wildOnes(draw func(i int) Span) []Span {
	spans := make([]Span, wildSpans)
	for i := range spans {
		s := draw(i)
		s.SpanID, s.Name, s.Service = spanID(i), "work", "shop"
		if s.TraceID == "" {
			s.TraceID = someTrace
		}
		if s.Start.IsZero() {
			s.Start = epoch.Add(time.Duration(i) * time.Millisecond)
		}
		spans[i] = s
	}
	return spans
}

// everything calls what the console calls for the spans of any service.
func everything(tb testing.TB, spans []Span) Waterfall {
	tb.Helper()
	tree := Join(Build(spans))
	path := CriticalPath(tree, nil)
	w := NewWaterfall(tree, path)
	Messages(spans, Routing{})
	NewMap(tree)
	NewComparison([]*Tree{tree}, []*Tree{tree, tree})
	Differ(tree, tree)
	Shape(Build(spans[:min(len(spans), 2000)]))
	_ = path.Reason()
	for _, write := range []func() error{
		func() error { return Print(io.Discard, tree, PrintOptions{Width: 200}) },
		func() error { return Print(io.Discard, tree, PrintOptions{}) },
		func() error { return Mermaid(io.Discard, tree) },
		func() error { return PrintPath(io.Discard, path, PrintOptions{}) },
		func() error { return json.NewEncoder(io.Discard).Encode(w) },
	} {
		if err := write(); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

func TestTenThousandSpansTakeNoTime(t *testing.T) {
	for name, draw := range wild {
		t.Run(name, func(t *testing.T) {
			spans := wildOnes(draw)
			before := cpuTime()
			w := everything(t, spans)
			if took := cpuTime() - before; took > mostTime {
				t.Errorf("it took %s of the processors", took)
			}
			checkWaterfall(t, spans, w)
		})
	}
}

// checkWaterfall holds a waterfall to what the page relies on.
func checkWaterfall(t *testing.T, spans []Span, w Waterfall) {
	t.Helper()
	want := map[key]bool{}
	for _, s := range spans {
		want[s.key()] = true
	}
	for i, r := range w.Rows {
		k := key{r.TraceID, r.SpanID}
		if !want[k] {
			t.Fatalf("span %v is not there, or twice", k)
		}
		delete(want, k)
		if r.Parent >= i || r.Parent < -1 || r.Parent >= 0 && w.Rows[r.Parent].Depth != r.Depth-1 || r.Parent < 0 && r.Depth != 0 {
			t.Fatalf("row %d of depth %d has the parent %d", i, r.Depth, r.Parent)
		}
		numbers := []float64{r.StartMS, r.DurationMS}
		if r.Wait != nil {
			numbers = append(numbers, r.Wait.MS)
		}
		if r.BackOff != nil {
			numbers = append(numbers, r.BackOff.MS)
		}
		for _, c := range r.Critical {
			numbers = append(numbers, c[0], c[1]-c[0])
		}
		for _, n := range numbers {
			if math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
				t.Fatalf("row %+v has the time %v", r, n)
			}
		}
	}
	if len(want) > 0 {
		t.Fatalf("%d spans are missing", len(want))
	}
	for _, l := range w.Links {
		if l.From < 0 || l.From >= len(w.Rows) || l.To < -1 || l.To >= len(w.Rows) {
			t.Fatalf("link %+v of %d rows", l, len(w.Rows))
		}
	}
}

// Spans of anybody's services: times, kinds, attributes and links need not make sense.
func TestAWaterfallOfAnySpansIsSound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 3))
		spans := randomSpans(random)
		for i := range spans {
			strange(random, &spans[i])
		}
		w := everything(t, spans)
		checkWaterfall(t, spans, w)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func strange(random *rand.Rand, s *Span) {
	pick := func(values ...any) any { return values[random.IntN(len(values))] }
	for _, name := range []string{
		systemKey, operationKey, "messaging.operation", destinationKey, "messaging.destination", routingKeyKey, "messaging.rabbitmq.routing_key",
		messageIDKey, "messaging.message_id", groupKey, partitionKey, offsetKey, waitKey, attemptKey, settledKey, failureKey,
	} {
		if random.IntN(3) == 0 {
			s.Attributes[name] = pick("", "kafka", "rabbitmq", "receive", "process", "send", "create", "settle", "a:b:c", ":", "q", int64(-3), int64(math.MaxInt64),
				math.NaN(), math.Inf(1), math.Inf(-1), -5.5, true, []any{"a"}, "<b>\x00\x1b[31m")
		}
	}
	switch random.IntN(12) {
	case 0:
		s.Start = time.Time{}
	case 1:
		s.Start = time.Unix(0, math.MaxInt64)
	case 2:
		s.Duration = math.MaxInt64
	case 3:
		s.Name = strings.Repeat("process ", random.IntN(4))
	}
}
