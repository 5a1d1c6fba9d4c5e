package tracetree

import (
	"fmt"
	"time"
)

// epoch is the start of the first span of every fixture.
var epoch = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

// story collects the spans of a fixture.
type story struct {
	trace string
	spans []Span
}

func newStory(trace string) *story { return &story{trace: trace} }

// span adds a span and returns its id. at and lasts are in microseconds.
func (s *story) span(parent, service, kind, name string, at, lasts int, with ...func(*Span)) string {
	id := fmt.Sprintf("%s%012x", s.trace[:4], len(s.spans)+1)
	span := Span{
		TraceID: s.trace, SpanID: id, ParentID: parent, Name: name, Kind: kind, Service: service,
		Start:      epoch.Add(time.Duration(at) * time.Microsecond),
		Duration:   time.Duration(lasts) * time.Microsecond,
		Attributes: map[string]any{},
	}
	for _, change := range with {
		change(&span)
	}
	s.spans = append(s.spans, span)
	return id
}

func (s *story) send(parent, service, event string, at int) string {
	return s.span(parent, service, KindProducer, "send "+event, at, 900)
}

// process adds a process span as otelamqp makes it by default: a child of the send span with a link to it.
func (s *story) process(send, service, destination string, at, lasts int, with ...func(*Span)) string {
	with = append([]func(*Span){linked(s.trace, send), attr(waitKey, 2.5)}, with...)
	return s.span(send, service, KindConsumer, "process "+destination, at, lasts, with...)
}

func (s *story) sql(parent, service string, at int, statements ...string) {
	for i, statement := range statements {
		s.span(parent, service, KindClient, statement, at+i*100, 90, attr("db.system.name", "sqlite"))
	}
}

// transaction adds the span that package store makes for a transaction: named by what it writes.
func (s *story) transaction(parent, service string, at int, name string, statements []any, with ...func(*Span)) {
	with = append([]func(*Span){
		attr("db.system.name", "sqlite"), attr(statementsKey, int64(len(statements))), attr(operationsKey, statements),
		attr(databaseWait, 0.09), attr(databaseEnd, 0.4),
	}, with...)
	s.span(parent, service, KindClient, name, at, 700, with...)
}

func attr(name string, value any) func(*Span) {
	return func(s *Span) { s.Attributes[name] = value }
}

func linked(trace, span string) func(*Span) {
	return func(s *Span) { s.Links = append(s.Links, Link{TraceID: trace, SpanID: span}) }
}

func failed(kind, message string) func(*Span) {
	return func(s *Span) {
		s.Status, s.StatusMessage = StatusError, message
		if kind != "" {
			s.Attributes[errorTypeKey] = kind
		}
	}
}

// happyPath is the trace of one order, with a span for each statement.
func happyPath() []Span {
	const public, private = "events:", "kitchen.private:"
	s := newStory("4bf92f3577b34da6a3ce929d0e0e4736")
	post := s.span("", "order", KindServer, "POST /order", 0, 4200, attr("http.response.status_code", int64(202)))
	s.sql(post, "order", 300, "BEGIN", "INSERT orders", "INSERT outbox", "COMMIT")
	created := s.send(post, "order", public+"order.order-created.v1", 4600)
	own := s.process(created, "order", public+"order.order-created.v1:order.order-created", 8100, 6300, attr(waitKey, 3.0))
	s.sql(own, "order", 8300, "BEGIN", "UPDATE orders", "INSERT outbox", "INSERT outbox", "COMMIT")
	v1 := s.send(own, "order", public+"order.order-confirmed.v1", 14500)
	points := s.process(v1, "loyalty", public+"order.order-confirmed.v1:loyalty.order-confirmed", 17100, 3000)
	earned := s.send(points, "loyalty", public+"loyalty.loyalty-points-earned.v1", 20200)
	s.process(earned, "order", public+"loyalty.loyalty-points-earned.v1:order.loyalty-points-earned", 23000, 1500)
	v2 := s.send(own, "order", public+"order.order-confirmed.v2", 15500)
	ticket := s.process(v2, "kitchen", public+"order.order-confirmed.v2:kitchen.order-confirmed", 18100, 2000)
	opened := s.send(ticket, "kitchen", private+"kitchen.ticket-opened.v1", 20300)
	cook := s.process(opened, "kitchen", private+"kitchen.ticket-opened.v1:kitchen.ticket-opened", 142000, 183000,
		attr(waitKey, 121.0))
	preparing := s.send(cook, "kitchen", public+"kitchen.order-preparing.v1", 143000)
	s.process(preparing, "order", public+"kitchen.order-preparing.v1:order.order-preparing", 146000, 1400)
	boxed := s.send(cook, "kitchen", public+"kitchen.order-boxed.v1", 326000)
	ride := s.process(boxed, "delivery", public+"kitchen.order-boxed.v1:delivery.order-boxed", 329000, 5100)
	s.sql(ride, "delivery", 329100, "BEGIN", "SELECT addresses", "INSERT deliveries", "COMMIT")
	notice := s.send(ride, "delivery", public+"delivery.delivery-notification-sent.v1", 334300)
	s.process(notice, "order", public+"delivery.delivery-notification-sent.v1:order.delivery-notification-sent", 337000, 1200)
	delivered := s.send(ride, "delivery", public+"delivery.order-delivered.v1", 1_402_000)
	s.process(delivered, "order", public+"delivery.order-delivered.v1:order.order-delivered", 1_405_000, 1300)
	s.process(boxed, "order", public+"kitchen.order-boxed.v1:order.order-boxed", 328500, 1100)
	s.process(v2, "delivery", public+"order.order-confirmed.v2:delivery.order-confirmed", 18300, 1700)
	return s.spans
}

// transactions is the beginning of an order with a span for each transaction: one waits, one runs three times, one fails.
func transactions() []Span {
	s := newStory("5cf92f3577b34da6a3ce929d0e0e4736")
	post := s.span("", "order", KindServer, "POST /order", 0, 42_000, attr("http.response.status_code", int64(202)))
	s.sql(post, "order", 100, "SELECT orders")
	s.transaction(post, "order", 300, "INSERT orders + outbox", []any{"INSERT orders", "INSERT outbox", "INSERT outbox"},
		attr(databaseWait, 35.25), attr(databaseEnd, 4.0))
	created := s.send(post, "order", "events:order.order-created.v1", 42_100)
	own := s.process(created, "order", "events:order.order-created.v1:order.order-created", 44_000, 6300)
	s.transaction(own, "order", 44_100, "UPDATE orders + outbox", []any{"INSERT inbox", "UPDATE orders", "INSERT outbox"},
		attr(runsKey, int64(3)))
	s.transaction(own, "order", 45_100, "BEGIN", nil, failed("5", "begin transaction: database is locked"))
	return s.spans
}

// linkMode is an order in which each hop is a trace of its own with a link to the send span.
func linkMode() []Span {
	first := newStory("0af7651916cd43dd8448eb211c80319c")
	post := first.span("", "order", KindServer, "POST /order", 0, 3000)
	created := first.send(post, "order", "events:order.order-created.v1", 3100)
	second := newStory("1b2c651916cd43dd8448eb211c80319d")
	own := second.span("", "order", KindConsumer, "process events:order.order-created.v1:order.order-created", 6000, 2000,
		linked(first.trace, created), attr(waitKey, int64(2)))
	confirmed := second.send(own, "order", "events:order.order-confirmed.v2", 8200)
	third := newStory("2c3d651916cd43dd8448eb211c80319e")
	third.span("", "kitchen", KindConsumer, "process events:order.order-confirmed.v2:kitchen.order-confirmed", 12000, 1500,
		linked(second.trace, confirmed), linked("ffff651916cd43dd8448eb211c80319f", "00f067aa0ba902b7"))
	return append(append(third.spans, second.spans...), first.spans...)
}

// clinic has one failure of each kind.
func clinic() []Span {
	s := newStory("6e0c63257de34c92bf9efcd03927272e")
	post := s.span("", "order", KindServer, "POST /order", 0, 9000, failed("500", ""), attr("http.response.status_code", int64(500)))
	s.sql(post, "order", 100, "BEGIN", "INSERT orders")
	s.span(post, "order", KindClient, "COMMIT", 500, 80, attr("db.system.name", "sqlite"), failed("SQLITE_BUSY", "database is locked"))
	s.span(post, "order", KindClient, "GET", 600, 50, attr("http.response.status_code", int64(404)))
	sent := s.send(post, "order", "events:order.order-confirmed.v2", 1000)
	destination := "events:order.order-confirmed.v2:kitchen.order-confirmed"
	for attempt := range 3 {
		how := "retry"
		if attempt == 2 {
			how = "dead"
		}
		id := s.process(sent, "kitchen", destination, 3000+attempt*200_000, 700, failed("oven_cold", "the oven\nis cold \x1b[31m"),
			attr(attemptKey, int64(attempt+1)), attr(settledKey, how), attr(failureKey, "kitchen.error"), attr(injectedKey, true))
		if how == "dead" {
			s.send(id, "kitchen", "kitchen.order-confirmed.dead", 404_000)
		}
	}
	s.process(sent, "loyalty", "events:order.order-confirmed.v2:loyalty.order-confirmed", 3000, 700, attr(duplicateKey, true))
	s.process(sent, "delivery", "events:order.order-confirmed.v2:delivery.order-confirmed", -2_000_000, 700)
	s.span("ffffffffffffffff", "staff", KindConsumer, "process lost", 5000, 100)
	s.span("6e0c00000000000f", "staff", KindInternal, "hen", 6000, 100)
	s.span("6e0c00000000000e", "staff", KindInternal, "egg", 6100, 100)
	s.span("6e0c00000000000f", "staff", KindInternal, "chick", 6200, 50)
	return s.spans
}
