package tracetree

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// post builds the spans of messages as the messaging conventions have them.
type post struct{ *story }

func newPost() post { return post{newStory("4bf92f3577b34da6a3ce929d0e0e4736")} }

func (p post) sent(exchange, key, message string, at int, with ...func(*Span)) string {
	with = append([]func(*Span){
		attr(operationKey, "send"), attr(routingKeyKey, key), attr(messageIDKey, message), attr(destinationKey, exchange+":"+key),
	}, with...)
	return p.span("", "order", KindProducer, "send", at, 100, with...)
}

func (p post) handled(destination, key, message string, at int, attempt int64, settled string, with ...func(*Span)) {
	with = append([]func(*Span){
		attr(operationKey, "process"), attr(routingKeyKey, key), attr(messageIDKey, message), attr(destinationKey, destination),
		attr(attemptKey, attempt), attr(settledKey, settled),
	}, with...)
	p.span("", "kitchen", KindConsumer, "process", at, 100, with...)
}

// toTheKitchen routes confirmations to the kitchen, and what is given up to its dead letters.
var toTheKitchen = Routing{
	Routes: func(exchange, key string) []Route {
		switch {
		case exchange == "events" && strings.HasPrefix(key, "order-confirmed"):
			return []Route{{Queue: "kitchen"}}
		case exchange == "retry" && key == "kitchen":
			return []Route{{Queue: "kitchen"}}
		case exchange == "dead" && key == "kitchen":
			return []Route{{Queue: "kitchen", Dead: true}}
		}
		return nil
	},
	Same: func(id string) string { before, _, _ := strings.Cut(id, "."); return before },
}

// The latest send leads to what should have come next. A failed one does so only before the first that succeeds.
func TestAMessageNamesItsLatestSend(t *testing.T) {
	t.Parallel()
	p := newPost()
	refused := failed("nack", "")
	p.sent("events", "order-confirmed", "1", 0, refused)
	last := p.sent("events", "order-confirmed", "1", 500, refused)
	if m := Messages(p.spans, toTheKitchen)[0]; m.Sent == nil || m.Sent.SpanID != last {
		t.Errorf("got %+v, want the last of two failed sends, %s", m.Sent, last)
	}
	confirmed := p.sent("events", "order-confirmed", "1", 900)
	p.sent("events", "order-confirmed", "1", 1500, refused)
	p.handled("events:order-confirmed:kitchen", "order-confirmed", "1", 2000, 1, "dead", failed("oven_cold", ""))
	p.sent("dead", "kitchen", "1", 2050)
	if m := Messages(p.spans, toTheKitchen)[0]; m.Sent == nil || m.Sent.SpanID != confirmed {
		t.Errorf("got %+v, want the confirmed send %s", m.Sent, confirmed)
	}
	redriven := p.sent("retry", "kitchen", "1", 9000)
	if m := Messages(p.spans, toTheKitchen)[0]; m.Sent == nil || m.Sent.SpanID != redriven {
		t.Errorf("got %+v, want the redrive %s", m.Sent, redriven)
	}
}

func TestTheStateOfAMessage(t *testing.T) {
	t.Parallel()
	const to = "events:order-confirmed:kitchen"
	broken := failed("oven_cold", "the oven is cold")
	for name, test := range map[string]struct {
		tell     func(p post)
		want     State
		since    int // microseconds
		attempts int
	}{
		"queued":   {func(p post) { p.sent("events", "order-confirmed", "1", 0) }, Queued, 100, 0},
		"done":     {func(p post) { p.handled(to, "order-confirmed", "1", 500, 1, "ack") }, Done, 600, 1},
		"retrying": {func(p post) { p.handled(to, "order-confirmed", "1", 500, 1, "retry", broken) }, Retrying, 600, 1},
		"requeued": {func(p post) { p.handled(to, "order-confirmed", "1", 500, 1, "requeue", broken) }, Requeued, 600, 1},
		"crashed":  {func(p post) { p.handled(to, "order-confirmed", "1", 500, 1, "", broken) }, Requeued, 600, 1},
		"paused":   {func(p post) { p.handled(to, "order-confirmed", "1", 500, 1, "pause", broken) }, Paused, 600, 1},
		"lost":     {func(p post) { p.handled(to, "order-confirmed", "1", 500, 1, "ack", broken) }, Lost, 600, 1},
		"unsent":   {func(p post) { p.sent("events", "order-confirmed", "1", 0, failed("unroutable", "")) }, Unsent, 100, 0},
		"lost before its send was confirmed": {func(p post) {
			p.sent("events", "order-confirmed", "1", 0, func(s *Span) { s.Duration = 5 * time.Millisecond })
			p.handled(to, "order-confirmed", "1", 500, 1, "ack", broken)
		}, Lost, 600, 1},
		"sent again": {func(p post) {
			p.sent("events", "order-confirmed", "1", 0, failed("nack", ""))
			p.sent("events", "order-confirmed", "1", 500)
		}, Queued, 600, 0},
		"dead": {func(p post) {
			p.handled(to, "order-confirmed", "1", 500, 1, "retry", broken)
			p.handled(to, "order-confirmed", "1", 1500, 2, "dead", broken)
			p.sent("dead", "kitchen", "1", 1550)
		}, Dead, 1650, 2},
		"dead without its attempt": {func(p post) { p.sent("dead", "kitchen", "1", 900) }, Dead, 1000, 0},
		"given back": {func(p post) {
			p.handled(to, "order-confirmed", "1", 500, 1, "retry", broken)
			p.sent("dead", "kitchen", "1", 900, failed("timeout", ""))
		}, Retrying, 600, 1},
		"redriven": {func(p post) {
			p.handled(to, "order-confirmed", "1", 500, 1, "dead", broken)
			p.sent("retry", "kitchen", "1", 9000)
		}, Queued, 9100, 1},
		"done after a redrive": {func(p post) {
			p.handled(to, "order-confirmed", "1", 500, 1, "dead", broken)
			p.sent("retry", "kitchen", "1", 9000)
			p.handled(to, "order-confirmed", "1", 9500, 2, "ack")
		}, Done, 9600, 2},
		"done, and its duplicate dead": {func(p post) {
			p.handled(to, "order-confirmed", "1", 500, 1, "ack")
			p.handled(to, "order-confirmed", "1", 900, 1, "dead", broken)
		}, Done, 600, 2},
		"another version is handled": {func(p post) {
			p.sent("events", "order-confirmed.v2", "1.v2", 10)
			p.handled("events:order-confirmed.v2:kitchen", "order-confirmed.v2", "1.v2", 500, 1, "ack")
		}, Done, 600, 1},
	} {
		p := newPost()
		if !strings.Contains(name, "without") && name != "unsent" && name != "sent again" {
			p.sent("events", "order-confirmed", "1", 0)
		}
		test.tell(p)
		slices.Reverse(p.spans) // they come in any order
		got := Messages(p.spans, toTheKitchen)
		if len(got) != 1 {
			t.Errorf("%s: got %d messages: %+v", name, len(got), got)
			continue
		}
		m := got[0]
		if m.State != test.want || len(m.Attempts) != test.attempts || !m.Since.Equal(epoch.Add(time.Duration(test.since)*time.Microsecond)) || m.Queue != "kitchen" {
			t.Errorf("%s: got %s since %s with %d attempts in %q, want %s since %d µs", name, m.State, m.Since.Sub(epoch), len(m.Attempts), m.Queue, test.want, test.since)
		}
		if last, ok := m.Last(); ok && (m.Consumer != "kitchen" || m.State != Done && last.Error != "the oven is cold") {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}

func TestAMessageThatNoQueueTookHasNoQueue(t *testing.T) {
	t.Parallel()
	p := newPost()
	p.sent("events", "order-eaten", "1", 0, failed("unroutable", "no queue wants it"))
	p.sent("events", "order-forgotten", "2", 0)
	got := Messages(p.spans, toTheKitchen)
	if len(got) != 1 || got[0].State != Unsent || got[0].Queue != "" || got[0].Error != "no queue wants it" || got[0].Producer != "order" || !got[0].UnderWay() {
		t.Errorf("got %+v", got)
	}
}

// Without a routing a queue is known from its first attempt, and without message ids the link says which message it was.
func TestMessagesOfAnotherInstrumentation(t *testing.T) {
	t.Parallel()
	p := newPost()
	without := func(s *Span) { delete(s.Attributes, messageIDKey) }
	first := p.sent("events", "a", "", 0, without)
	second := p.sent("events", "b", "", 10, without)
	p.handled("events:b:kitchen", "b", "", 100, 1, "ack", without, linked(p.trace, second))
	p.handled("kitchen", "kitchen", "", 200, 1, "", without, func(s *Span) { s.ParentID = first })
	got := Messages(p.spans, Routing{})
	if len(got) != 2 || got[0].ID != p.trace+"-"+second || got[1].ID != p.trace+"-"+first ||
		got[0].Queue != "kitchen" || got[1].Queue != "kitchen" || got[0].State != Done || got[1].State != Done {
		t.Errorf("got %+v", got)
	}
}

func TestTheDestinationHasThreeParts(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][3]string{
		"events:order.v1|order.v1":                {"events", "order.v1", "order.v1"},
		"events:order.v1:kitchen.order|order.v1":  {"events", "order.v1", "kitchen.order"},
		"order.v1:kitchen.order|order.v1":         {"", "order.v1", "kitchen.order"},
		"kitchen|kitchen":                         {"", "kitchen", "kitchen"},
		"events:kitchen|":                         {"events", "", "kitchen"},
		"kitchen.private:kitchen:kitchen|kitchen": {"kitchen.private", "kitchen", "kitchen"},
		"|": {"", "", ""},
	} {
		destination, key, _ := strings.Cut(name, "|")
		span := Span{Attributes: map[string]any{destinationKey: destination, routingKeyKey: key}}
		exchange, routingKey, queue := span.destination()
		if got := [3]string{exchange, routingKey, queue}; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
