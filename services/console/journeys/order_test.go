package journeys

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/telemetry/tracetree"
)

// anySpans are spans of a few traces with conversations, parents, links and messages that need not make sense.
func anySpans(t *rapid.T) []tracetree.Span {
	pick := func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) }
	conversations := []string{"", "", "", "c1", "c2", "c3"}
	spans := make([]tracetree.Span, pick("spans", 24)+1)
	for i := range spans {
		s := tracetree.Span{
			TraceID: traceNumber(pick("trace", 5)), SpanID: spanNumber(i), Name: fmt.Sprint("span ", pick("name", 3)),
			Kind:    []string{tracetree.KindServer, tracetree.KindProducer, tracetree.KindConsumer, tracetree.KindInternal}[pick("kind", 4)],
			Service: fmt.Sprint("service", pick("service", 3)), Start: epoch.Add(time.Duration(pick("start", 50)) * time.Millisecond),
			Duration: time.Duration(pick("took", 20)) * time.Millisecond, Attributes: map[string]any{},
		}
		if c := conversations[pick("conversation", len(conversations))]; c != "" {
			s.Attributes["traceria.conversation"] = c
		}
		if parent := pick("parent", len(spans)); parent != i && pick("root", 3) > 0 {
			s.ParentID = spanNumber(parent)
		}
		if pick("linked", 3) == 0 {
			s.Links = []tracetree.Link{{TraceID: traceNumber(pick("link trace", 6)), SpanID: spanNumber(pick("link span", len(spans)))}}
		}
		if s.Kind == tracetree.KindProducer || s.Kind == tracetree.KindConsumer {
			s.Attributes["messaging.system"] = "rabbitmq"
			s.Attributes["messaging.destination"] = "shop"
			s.Attributes["messaging.rabbitmq.routing_key"] = fmt.Sprint("key", pick("key", 2))
			s.Attributes["messaging.message_id"] = fmt.Sprint("m", pick("message", 3))
		}
		if pick("failed", 4) == 0 {
			s.Status, s.StatusMessage = tracetree.StatusError, []string{"no", "nack called on message with requeue", "nack called on message without requeue"}[pick("why", 3)]
		}
		spans[i] = s
	}
	return spans
}

func traceNumber(n int) string { return fmt.Sprintf("%032x", n+1) }
func spanNumber(n int) string  { return fmt.Sprintf("%016x", n+1) }

// outcome are the rows without what differs from arrival to arrival, and the spans of each.
func outcome(s *Store) map[string]any {
	out := map[string]any{}
	for _, row := range s.Rows(Filter{}, Oldest, 0, 0).Rows {
		row.Version, row.Seen = 0, time.Time{}
		spans, _ := s.Spans(row.ID)
		ids := []string{}
		for _, span := range spans {
			ids = append(ids, span.TraceID+"-"+span.SpanID)
		}
		out[row.ID] = []any{row, ids}
	}
	return out
}

// inOrder adds spans in batches. Now and then it lets the store do its work, and compress what is at rest.
func inOrder(t *rapid.T, spans []tracetree.Span, batches bool) map[string]any {
	c := newClock(epoch.Add(time.Hour))
	s := New(Options{Now: c.now})
	defer s.Close()
	for len(spans) > 0 {
		n := len(spans)
		if batches {
			n = rapid.IntRange(1, len(spans)).Draw(t, "batch")
		}
		s.Add(spans[:n:n], SourceOTLP)
		spans = spans[n:]
		switch {
		case !batches:
		case rapid.IntRange(0, 2).Draw(t, "work") == 0:
			s.Flush()
		case rapid.IntRange(0, 2).Draw(t, "rest") == 0:
			c.add(time.Minute)
			s.Flush()
		}
	}
	s.Flush()
	c.add(time.Minute)
	s.Flush()
	return outcome(s)
}

func TestAnyOrderOfArrivalGivesTheSameRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := anySpans(t)
		shuffled := rapid.Permutation(append(spans, spans[rapid.IntRange(0, len(spans)-1).Draw(t, "repeated")])).Draw(t, "order")
		want, got := inOrder(t, spans, false), inOrder(t, shuffled, true)
		if difference := cmp.Diff(want, got); difference != "" {
			t.Fatalf("the rows differ with the order of arrival (- in order, + in another):\n%s", difference)
		}
	})
}
