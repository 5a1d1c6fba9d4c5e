package journeys

import (
	"sync/atomic"
	"testing"
	"time"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// clock is a clock that a test moves. The goroutine of the store reads it at the same time.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.set(at)
	return c
}

func (c *clock) now() time.Time      { return *c.at.Load() }
func (c *clock) set(at time.Time)    { c.at.Store(&at) }
func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

func (c *clock) pass(s *Store, d time.Duration) {
	c.add(d)
	s.Flush()
}

func opened(t testing.TB, o Options) *Store {
	t.Helper()
	s := New(o)
	t.Cleanup(s.Close)
	return s
}

// timed returns a store whose clock the test moves.
func timed(t testing.TB, o Options) (*Store, *clock) {
	t.Helper()
	c := newClock(epoch.Add(time.Second))
	o.Now = c.now
	return opened(t, o), c
}

type change func(*tracetree.Span)

// spanOf returns a span of trace number trace. It starts at milliseconds after the epoch and takes 5 ms.
func spanOf(trace, id, parent, at int, kind, name string, changes ...change) tracetree.Span {
	s := tracetree.Span{
		TraceID: traceNumber(trace), SpanID: spanNumber(id), Name: name, Kind: kind, Service: "shop",
		Start: epoch.Add(time.Duration(at) * time.Millisecond), Duration: 5 * time.Millisecond, Attributes: map[string]any{},
	}
	if parent >= 0 {
		s.ParentID = spanNumber(parent)
	}
	for _, c := range changes {
		c(&s)
	}
	return s
}

func attribute(name string, value any) change {
	return func(s *tracetree.Span) { s.Attributes[name] = value }
}
func conversation(id string) change { return attribute("traceria.conversation", id) }
func by(service string) change      { return func(s *tracetree.Span) { s.Service = service } }

func failing(message string) change {
	return func(s *tracetree.Span) { s.Status, s.StatusMessage = tracetree.StatusError, message }
}

func linkedTo(trace, id int) change {
	return func(s *tracetree.Span) {
		s.Links = append(s.Links, tracetree.Link{TraceID: traceNumber(trace), SpanID: spanNumber(id)})
	}
}

// message makes a span of today's conventions one of RabbitMQ: a send, or a process span if there is a queue.
func message(id, key, queue string) change {
	return func(s *tracetree.Span) {
		operation, name := "send", "shop:"+key
		if queue != "" {
			operation, name = "process", name+":"+queue
		}
		for attribute, value := range map[string]string{
			"messaging.system": "rabbitmq", "messaging.operation.type": operation, "messaging.destination.name": name,
			"messaging.rabbitmq.destination.routing_key": key, "messaging.message.id": id,
		} {
			s.Attributes[attribute] = value
		}
	}
}

func send(trace, id, parent, at int, message_ change, changes ...change) tracetree.Span {
	return spanOf(trace, id, parent, at, tracetree.KindProducer, "send", append([]change{message_}, changes...)...)
}

func process(trace, id, parent, at int, message_ change, changes ...change) tracetree.Span {
	return spanOf(trace, id, parent, at, tracetree.KindConsumer, "process", append([]change{message_, by("worker")}, changes...)...)
}

func only(t testing.TB, s *Store) Row {
	t.Helper()
	rows := s.Rows(Filter{}, Oldest, 0, 0).Rows
	if len(rows) != 1 {
		t.Fatalf("%d rows instead of one: %+v", len(rows), rows)
	}
	return rows[0]
}

func ids(rows []Row) []string {
	out := []string{}
	for _, row := range rows {
		out = append(out, row.ID)
	}
	return out
}

// transmitted returns spans as they come from a request.
func transmitted(t testing.TB, spans []tracetree.Span) []tracetree.Span {
	t.Helper()
	body, err := otlp.MarshalProto(spans)
	if err != nil {
		t.Fatal(err)
	}
	spans, _, err = otlp.ReadTraces(body, otlp.Protobuf)
	if err != nil {
		t.Fatal(err)
	}
	return spans
}

// fill adds orders in requests of about 500 spans.
func fill(t testing.TB, s *Store, from, to int, linked bool) {
	t.Helper()
	var batch []tracetree.Span
	for n := from; n < to; n++ {
		batch = append(batch, newOrder(n, linked)...)
		if len(batch) > 500 || n == to-1 {
			s.Add(transmitted(t, batch), SourceOTLP)
			batch = nil
		}
	}
}
