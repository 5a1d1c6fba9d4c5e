package journeys

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// long returns a text of its own of many bytes.
func long(n, size int) string { return strings.Repeat(fmt.Sprintf("%07d ", n), size/8) }

// Whatever a sender puts its bytes into, the heap stays near the limit. The test runs alone: others would use the heap too.
func TestTheAccountCountsHostileSpans(t *testing.T) {
	if raced {
		t.Skip("the race detector changes the heap: make test runs it without")
	}
	const limit = 8 << 20
	shapes := map[string]func(n int, span *tracetree.Span){
		"resources": func(n int, span *tracetree.Span) { span.Resource = map[string]any{"a": long(n, 60_000)} },
		"names": func(n int, span *tracetree.Span) {
			span.Name, span.Service, span.Scope = long(n, 1024), long(n, 1024), tracetree.Scope{Name: long(n, 1024), Version: long(n, 1024)}
		},
		"keys": func(n int, span *tracetree.Span) {
			for i := range 50 {
				span.Attributes[long(n*50+i, 1000)] = true
			}
		},
		"event names": func(n int, span *tracetree.Span) {
			for i := range 50 {
				span.Events = append(span.Events, tracetree.Event{Name: long(n*50+i, 1000)})
			}
		},
		"failures": func(n int, span *tracetree.Span) {
			var keys []string
			for i := range maxRowNames {
				keys = append(keys, strings.Repeat("x", 190)+fmt.Sprintf("%07d", n*maxRowNames+i))
			}
			span.Attributes[failureKey] = strings.Join(keys, ",")
		},
	}
	seal(newOrder(0, false), nil) // the compressor takes 3 MB once
	for name, shape := range shapes {
		for _, quietly := range []bool{false, true} {
			c := newClock(epoch)
			before := heap()
			s := New(Options{Now: c.now, Limit: limit})
			for n := range 4000 {
				span := tracetree.Span{
					TraceID: fmt.Sprintf("%032x", n+1), SpanID: fmt.Sprintf("%016x", n+1), Name: "x", Service: "x", Start: c.now(), Duration: time.Millisecond,
					Attributes: map[string]any{"a": true},
				}
				shape(n, &span)
				s.Add([]tracetree.Span{span}, SourceOTLP)
				if n%500 == 0 && quietly {
					s.Rows(Filter{Attributes: []string{fmt.Sprintf("a=%d", n)}}, Newest, 1, 0)
					c.add(time.Minute)
					s.Flush()
				}
			}
			s.Flush() // the work in the background takes memory for a moment
			used, m := heap()-before, s.Memory()
			t.Logf("%s, quietly %t: accounted %d bytes, the heap grew by %d", name, quietly, m.Bytes, used)
			if used > 2*limit {
				t.Errorf("%s, quietly %t: accounted %d bytes, the heap grew by %d", name, quietly, m.Bytes, used)
			}
			audit(t, s)
			s.Close()
		}
	}
}

// A reader of many journeys gets as many as fit into a limit: compressed, they may be a hundred times as many.
func TestEachReadsAtMostItsLimit(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{})
	const most = maxEach / (3 << 20)
	for n := range most + 20 {
		span := tracetree.Span{
			TraceID: fmt.Sprintf("%032x", n+1), SpanID: fmt.Sprintf("%016x", n+1), Name: "x", Service: "x", Start: c.now(), Attributes: map[string]any{},
		}
		for i := range 48 {
			span.Attributes[fmt.Sprint(i)] = strings.Repeat("x", 64<<10)
		}
		s.Add([]tracetree.Span{span}, SourceOTLP)
		c.pass(s, time.Minute)
	}
	if kept := s.Memory().Journeys; kept != most+20 {
		t.Fatalf("%d journeys are kept", kept)
	}
	visited := 0
	s.Each(Filter{}, 0, func(Row, []tracetree.Span) bool { visited++; return true })
	if visited == 0 || visited > most {
		t.Errorf("%d journeys are read, want at most %d", visited, most)
	}
}
