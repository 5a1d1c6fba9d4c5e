package journey_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

// stopped is a recorded order that ends at a place, and what the sources say about it.
type stopped struct {
	*recording
	counts  map[string]broker.QueueCount
	letters []broker.Letter
	ready   map[string]host.Readiness
	away    map[string]error // by service, and "rabbitmq"
	asked   atomic.Int32     // questions to RabbitMQ and the services
}

// stop reads a recording and cuts it: the spans whose names begin so are missing, and what came of them.
func stop(t *testing.T, name string, cuts ...string) *stopped {
	t.Helper()
	s := &stopped{recording: read(t, name), counts: map[string]broker.QueueCount{}, ready: map[string]host.Readiness{}, away: map[string]error{}}
	first := s.Spans[0]
	s.Spans = append(s.Spans, tracetree.Span{
		TraceID: first.TraceID, SpanID: first.ParentID, Name: "POST /order", Kind: tracetree.KindServer, Service: "order",
		Start: first.Start.Add(-3 * time.Millisecond), Duration: 2 * time.Millisecond, Attributes: map[string]any{},
	})
	for _, sub := range pizzeria.Default().Subscriptions {
		s.counts[sub.Queue()] = broker.QueueCount{Consumers: 1}
	}
	s.cut(func(span tracetree.Span) bool {
		return slices.ContainsFunc(cuts, func(cut string) bool { return strings.HasPrefix(span.Name, cut) })
	})
	return s
}

// cut removes spans, what is below them, and what delivery sent with only one of its two events.
func (s *stopped) cut(gone func(tracetree.Span) bool) {
	missing := map[tracetree.SpanID]bool{}
	for again := true; again; {
		again = false
		for _, span := range s.Spans {
			half := missing[s.id("process events:order.order-confirmed.v2:delivery.")] || missing[s.id("process events:kitchen.order-boxed.v1:delivery.")]
			if !missing[span.SpanID] && (gone(span) || missing[span.ParentID] || half && strings.HasPrefix(span.Name, "send events:delivery.")) {
				missing[span.SpanID], again = true, true
			}
		}
	}
	kept := func(name string) bool { id := s.id(name); return id != "" && !missing[id] }
	s.Order.Status = "created"
	s.Order.Timeline = slices.DeleteFunc(s.Order.Timeline, func(e orderclient.Entry) bool {
		verb := "process"
		if e.Event == "OrderConfirmed" || e.Event == "OrderCancelled" { // noted when they are stored
			verb = "send"
		}
		return !kept(verb + " events:" + e.Service + "." + kebab(e.Event))
	})
	for _, e := range s.Order.Timeline {
		if status := map[string]string{
			"OrderConfirmed": "confirmed", "OrderPreparing": "preparing", "OrderBoxed": "boxed",
			"DeliveryNotificationSent": "out-for-delivery", "OrderDelivered": "delivered", "OrderCancelled": "cancelled",
		}[e.Event]; status != "" {
			s.Order.Status = status
		}
	}
	s.Spans = slices.DeleteFunc(s.Spans, func(span tracetree.Span) bool { return missing[span.SpanID] })
}

func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r < 'a' {
			b.WriteByte('-')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

// id is that of the first span whose name begins so.
func (s *stopped) id(name string) tracetree.SpanID {
	for _, span := range s.Spans {
		if strings.HasPrefix(span.Name, name) {
			return span.SpanID
		}
	}
	return ""
}

// change changes the spans whose names begin so.
func (s *stopped) change(name string, how func(*tracetree.Span)) {
	for i := range s.Spans {
		if strings.HasPrefix(s.Spans[i].Name, name) {
			how(&s.Spans[i])
		}
	}
}

// failed makes a span fail.
func failed(kind, message string) func(*tracetree.Span) {
	return func(s *tracetree.Span) {
		s.Status, s.StatusMessage, s.Attributes["error.type"] = tracetree.StatusError, message, kind
	}
}

// database puts a transaction under the spans whose names begin so.
func (s *stopped) database(under, name string) {
	id := s.id(under)
	s.Spans = append(s.Spans, tracetree.Span{
		TraceID: s.Order.TraceID, SpanID: "00000000000000db", ParentID: id, Name: name, Kind: tracetree.KindClient, Service: "order",
		Start: s.Spans[0].Start, Attributes: map[string]any{"db.system.name": "sqlite"},
	})
}

func (s *stopped) find(t *testing.T) *journey.Missing {
	t.Helper()
	return journey.FindMissing(t.Context(), journey.Sources{
		Order: func(context.Context, string) (orderclient.Order, error) { return s.Order, s.away["order"] },
		Service: func(_ context.Context, name string) (host.Readiness, error) {
			s.asked.Add(1)
			return s.ready[name], s.away[name]
		},
		Broker: s.rabbitMQ(), Topology: pizzeria.Default(),
	}, s.Order.OrderID, s.Spans)
}

// text is what is missing, a line each.
func (s *stopped) text(t *testing.T) string {
	t.Helper()
	m := s.find(t)
	if m == nil {
		return "nothing"
	}
	var lines []string
	for _, g := range m.Gaps {
		after := "?"
		if g.After != nil {
			after = g.After.Name
		}
		lines = append(lines, fmt.Sprintf("%s | %s | %s: %s", g.Expected, after, g.Place, g.Where))
	}
	for _, queue := range m.Unseen {
		lines = append(lines, "unseen "+queue)
	}
	return strings.Join(append(lines, m.Unanswered...), "\n")
}

// A whole order lacks nothing, whatever becomes of its spans: an incomplete trace is no gap of an order that is finished.
func TestLostSpansAreNoGapOfAFinishedOrder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"delivered", "slow", "rejected"} {
		if got := stop(t, name).text(t); got != "nothing" {
			t.Errorf("%s: got %s", name, got)
		}
		for seed := range uint64(500) {
			random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // repeatable on purpose
			s := stop(t, name)
			s.Spans = slices.DeleteFunc(s.Spans, func(tracetree.Span) bool { return random.IntN(4) == 0 })
			if m := s.find(t); m != nil && len(m.Gaps) > 0 {
				t.Fatalf("%s, seed %d: %s", name, seed, s.text(t))
			}
		}
	}
}

// Wherever an order stops, the gap names the first span that did not come. Nothing behind it is named.
func TestTheGapIsWhereTheOrderStopped(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"delivered", "slow"} {
		for _, span := range stop(t, name).Spans {
			if span.Kind != tracetree.KindProducer && span.Kind != tracetree.KindConsumer {
				continue
			}
			s := stop(t, name)
			s.cut(func(other tracetree.Span) bool { return other.SpanID == span.SpanID })
			m := s.find(t)
			if m == nil || len(m.Gaps) != 1 {
				t.Errorf("%s without %s: got %s", name, span.Name, s.text(t))
				continue
			}
			_, wanted, _ := strings.Cut(span.Name, ":")
			verb, _, _ := strings.Cut(span.Name, " ")
			if verb == "process" {
				_, wanted, _ = strings.Cut(wanted, ":")
			}
			g := m.Gaps[0]
			if !strings.HasPrefix(g.Expected, verb+" ") || !strings.Contains(g.Expected, wanted) || g.After == nil || g.After.SpanID != span.ParentID {
				t.Errorf("%s without %s: got %s", name, span.Name, s.text(t))
			}
		}
	}
}

// An unfinished order always has a line, whatever the spans and the broker say.
func TestAnUnfinishedOrderAlwaysHasALine(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"delivered", "slow", "poison"} {
		for seed := range uint64(500) {
			random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // repeatable on purpose
			s := stop(t, name)
			at := s.Spans[random.IntN(len(s.Spans))].SpanID
			s.cut(func(span tracetree.Span) bool { return span.SpanID == at })
			s.Spans = slices.DeleteFunc(s.Spans, func(tracetree.Span) bool { return random.IntN(4) == 0 })
			for _, sub := range pizzeria.Default().Subscriptions {
				s.counts[sub.Queue()] = broker.QueueCount{Ready: random.IntN(2), Consumers: random.IntN(3)}
				s.counts[sub.DeadQueue()] = broker.QueueCount{Ready: random.IntN(2)}
				s.ready[sub.Subscriber] = host.Readiness{Outbox: &host.Outbox{Waiting: random.IntN(2)}}
			}
			for i := range s.Spans {
				if random.IntN(6) == 0 {
					failed("injected", "it failed")(&s.Spans[i])
				}
			}
			m := s.find(t)
			if s.Order.Status == "delivered" {
				continue
			}
			if m == nil || len(m.Gaps) == 0 || strings.Contains(s.text(t), "(): ") {
				t.Fatalf("%s, seed %d, without %s: an order that is %s has %s", name, seed, at, s.Order.Status, s.text(t))
			}
		}
	}
}

// Sources that are away are named, and the spans say the rest.
func TestWhatIsNotAnsweredIsNamed(t *testing.T) {
	t.Parallel()
	s := stop(t, "delivered", "process kitchen.private:")
	s.away = map[string]error{"order": errors.New("o is away"), "kitchen": errors.New("k is away"), "rabbitmq": errors.New("r is away")}
	got := s.text(t)
	for _, want := range []string{
		"process kitchen.ticket-opened | send kitchen.private:kitchen.ticket-opened.v1 | unknown: kitchen.ticket-opened may have it",
		"o is away", "RabbitMQ cannot be asked: r is away", "kitchen: k is away",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	// The spans of a whole order say enough. Without them, an order is finished when the order service says so.
	whole := stop(t, "delivered")
	whole.away = s.away
	if got := whole.text(t); got != "nothing" || whole.asked.Load() > 0 {
		t.Errorf("after %d questions: %s", whole.asked.Load(), got)
	}
}

// rabbitMQ is the broker of a stopped order.
func (s *stopped) rabbitMQ() journey.Broker {
	return &still{s}
}
