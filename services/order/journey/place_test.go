package journey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// still is a RabbitMQ in which nothing moves.
type still struct{ s *stopped }

func (b *still) Count(context.Context, []string) (map[string]broker.QueueCount, error) {
	b.s.asked.Add(1)
	return b.s.counts, b.s.away["rabbitmq"]
}

func (b *still) Letters(context.Context, topology.Subscription, int) ([]broker.Letter, error) {
	return b.s.letters, nil
}

const (
	cook      = "process kitchen.private:kitchen.ticket-opened.v1:kitchen.ticket-opened"
	opened    = "send kitchen.private:kitchen.ticket-opened.v1"
	box       = "process events:kitchen.order-boxed.v1:delivery.order-boxed"
	decided   = "process events:order.order-created.v1:order.order-created"
	v2        = "send events:order.order-confirmed.v2"
	noSender  = "send events:delivery."
	confirmed = "send events:order.order-confirmed."
)

func TestWhereAnOrderIs(t *testing.T) {
	t.Parallel()
	const waits = "process kitchen.ticket-opened | " + opened + " | "
	for name, test := range map[string]struct {
		cuts []string
		say  func(s *stopped)
		want string
	}{
		"no consumer": {[]string{cook}, func(s *stopped) {
			s.counts["kitchen.ticket-opened"] = broker.QueueCount{Ready: 1}
		}, waits + "ready: kitchen.ticket-opened has it, no consumer"},
		"others before it": {[]string{cook}, func(s *stopped) {
			s.counts["kitchen.ticket-opened"] = broker.QueueCount{Ready: 7, Consumers: 1}
		}, waits + "ready: kitchen.ticket-opened has it, among 7 ready messages"},
		"not acked": {[]string{cook}, func(s *stopped) {
			s.ready["kitchen"] = host.Readiness{Working: []broker.Work{{Queue: "kitchen.ticket-opened", ConversationID: s.Order.OrderID, Since: time.Now()}}}
		}, waits + "unacked: kitchen has it and has not acked it, since "},
		"behind others": {[]string{cook}, func(s *stopped) {
			s.ready["kitchen"] = host.Readiness{Working: []broker.Work{{Queue: "kitchen.ticket-opened", ConversationID: "another"}}}
		}, waits + "unacked: delivered to kitchen and not acked, behind 1 message at work, or lost"},
		"the service is away": {
			[]string{cook},
			func(s *stopped) { s.away["kitchen"] = errors.New("refused") },
			waits + "unacked: RabbitMQ has delivered it to kitchen, which has not acked it\nkitchen: refused",
		},
		"dropped": {
			[]string{cook},
			func(*stopped) {},
			waits + "lost: lost: dropped, expired or purged, kitchen.ticket-opened is empty and kitchen does not have it",
		},
		"limited": {[]string{"process events:order.order-confirmed.v2:kitchen"}, func(s *stopped) {
			s.counts["kitchen.order-confirmed.drop-head"] = broker.QueueCount{Ready: 1, Consumers: 1}
		}, "process kitchen.order-confirmed | " + v2 + " | unknown: in kitchen.order-confirmed.drop-head, which holds 1 message, or dropped by it"},
		"just sent": {
			[]string{cook},
			func(s *stopped) { s.change(opened, func(span *tracetree.Span) { span.Start = time.Now() }) },
			waits + "soon: its span may be on its way",
		},
		"expired": {[]string{cook}, func(s *stopped) {
			s.counts["kitchen.ticket-opened.dead"] = broker.QueueCount{Ready: 2}
			s.letters = []broker.Letter{{ConversationID: "another", Reason: "rejected"}, {ConversationID: s.Order.OrderID, Reason: "expired"}}
		}, waits + "dead: dead letter in kitchen.ticket-opened.dead (expired); repair: traceria dead redrive kitchen.ticket-opened"},
		"lost at once": {
			[]string{noSender},
			func(s *stopped) { s.change(box, failed("crash", "the process dies")) },
			"send delivery.delivery-notification-sent.v1, delivery.order-delivered.v1 | " + box + " | lost: lost: acked without work, delivery acked OrderBoxed v1 and then failed (the process dies)",
		},
		"loyalty's points lost at once": {
			[]string{"send events:loyalty."},
			func(s *stopped) {
				s.change("process events:order.order-confirmed.v1:loyalty", failed("crash", "the process dies"))
			},
			"send loyalty.loyalty-points-earned.v1 | process events:order.order-confirmed.v1:loyalty.order-confirmed | lost: lost: acked without work, loyalty acked OrderConfirmed v1 and then failed (the process dies)",
		},
		"acked without work": {
			[]string{"send events:kitchen."},
			func(*stopped) {},
			"send kitchen.order-preparing.v1, kitchen.order-boxed.v1 | " + cook + " | lost: lost: acked without work, kitchen acked its message and stored no event",
		},
		"stalled": {[]string{"send events:order.order-created"}, func(s *stopped) {
			s.database("POST /order", "INSERT orders + outbox")
			s.ready["order"] = host.Readiness{Outbox: &host.Outbox{Waiting: 2, Unroutable: 5}} // the others have failed sends
		}, "send order.order-created.v1 | POST /order | outbox: in the outbox of order, where 2 events wait"},
		"dual write": {[]string{"send events:order.order-created"}, func(s *stopped) {
			s.database("POST /order", "INSERT orders")
			s.ready["order"] = host.Readiness{Outbox: &host.Outbox{Waiting: 2}} // of other orders
			s.change("POST", failed("crash", "it dies"))
		}, "send order.order-created.v1 | POST /order | never-sent: never sent: order stored its work without an outbox row, and then failed (crash: it dies)"},
		"unroutable": {[]string{"process events:order.order-confirmed"}, func(s *stopped) {
			s.change(confirmed, func(span *tracetree.Span) {
				failed("unroutable", "returned")(span)
				span.Attributes["messaging.rabbitmq.destination.routing_key"] = "order.no-binding"
				span.Attributes["messaging.destination.name"] = "events:order.no-binding"
			})
		}, "send order.order-confirmed.v1, order.order-confirmed.v2 | " + decided + " | outbox: in the outbox of order: could not be published to order.no-binding (unroutable: returned), last tried at "},
		"refused": {
			[]string{"process events:order.order-confirmed.v2"},
			func(s *stopped) { s.change(v2, failed("nack", "nack: the queue is full")) },
			"send order.order-confirmed.v2 | " + decided + " | outbox: in the outbox of order: could not be published (nack: the queue is full)",
		},
		"unseen": {nil, func(s *stopped) {
			s.Spans = s.Spans[:0:0]
			for _, span := range stop(t, "delivered").Spans {
				if span.Service == "order" && !strings.Contains(span.Name, "kitchen") {
					s.Spans = append(s.Spans, span)
				}
			}
		}, "unseen delivery.order-confirmed\nunseen kitchen.order-confirmed\nunseen loyalty.order-confirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stop(t, "delivered", test.cuts...)
			test.say(s)
			if got := s.text(t); !strings.HasPrefix(got, test.want) || strings.Contains(got, "\n") != strings.Contains(test.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// The kitchen has rejected the order: no ticket is missing, only what follows the rejection.
func TestWhatFollowsARejection(t *testing.T) {
	t.Parallel()
	const rejected, noted = "send events:kitchen.order-rejected.v1", "process events:kitchen.order-rejected.v1:order.order-rejected"
	for cut, want := range map[string]string{
		rejected:                               "send kitchen.ticket-opened.v1 | process events:order.order-confirmed.v2:kitchen.order-confirmed | lost: lost: acked without work",
		noted:                                  "process order.order-rejected | " + rejected + " | lost: lost: dropped, expired or purged",
		"send events:order.order-cancelled.v1": "send order.order-cancelled.v1 | " + noted + " | lost: lost: acked without work",
		"send events:loyalty.loyalty-points-r": "send loyalty.loyalty-points-reversed.v1 | process events:order.order-cancelled.v1:loyalty.order-cancelled | lost: ",
	} {
		if got := stop(t, "rejected", cut).text(t); !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
			t.Errorf("without %s: got\n%s\nwant\n%s", cut, got, want)
		}
	}
}

// The attempts of a ticket that fails each time: what follows the third, and the last.
func TestWhereAFailingOrderIs(t *testing.T) {
	t.Parallel()
	const waits = "process kitchen.ticket-opened | " + cook + " | "
	for name, test := range map[string]struct {
		attempts int
		say      func(s *stopped, last *tracetree.Span)
		want     string
	}{
		"in a retry queue": {
			3, func(_ *stopped, last *tracetree.Span) { last.Start = time.Now().Add(-2 * time.Second) },
			waits + "retry: in a retry queue of kitchen.ticket-opened until about ",
		},
		"after its back-off": {3, func(s *stopped, _ *tracetree.Span) {
			s.counts["kitchen.ticket-opened"] = broker.QueueCount{Ready: 1}
		}, waits + "ready: kitchen.ticket-opened has it, no consumer; its back-off after attempt 3 ended at "},
		"given back": {2, func(s *stopped, last *tracetree.Span) {
			last.Attributes["traceria.message.settled"] = "requeue"
			s.counts["kitchen.ticket-opened"] = broker.QueueCount{Ready: 1, Consumers: 1}
		}, waits + "ready: kitchen.ticket-opened has it, among 1 ready message; attempt 2 ended without an ack (kitchen.poison is switched on)"},
		"held": {
			1, func(_ *stopped, last *tracetree.Span) { last.Attributes["traceria.message.settled"] = "pause" },
			waits + "paused: kitchen holds it and tries again in place (kitchen.poison is switched on)",
		},
		"dead": {4, func(s *stopped, _ *tracetree.Span) {
			s.counts["kitchen.ticket-opened.dead"] = broker.QueueCount{Ready: 1}
			s.letters = []broker.Letter{{ConversationID: s.Order.OrderID, Reason: "attempts-used-up", Error: "burnt"}}
		}, waits + "dead: dead letter in kitchen.ticket-opened.dead (attempts-used-up: burnt); repair: traceria dead redrive kitchen.ticket-opened"},
		"dead, without RabbitMQ": {
			4, func(s *stopped, _ *tracetree.Span) { s.away["rabbitmq"] = errors.New("refused") },
			waits + "dead: dead letter in kitchen.ticket-opened.dead (attempt 4, the last: kitchen.poison is switched on); repair: traceria dead redrive kitchen.ticket-opened\nRabbitMQ",
		},
		"deleted": {
			4, func(s *stopped, _ *tracetree.Span) { s.counts["kitchen.ticket-opened.dead"] = broker.QueueCount{} },
			waits + "unknown: it was a dead letter in kitchen.ticket-opened.dead, which has no ready message: deleted, or being read",
		},
		"seen by RabbitMQ only": {0, func(s *stopped, _ *tracetree.Span) {
			s.Spans = nil
			s.counts["kitchen.ticket-opened.dead"] = broker.QueueCount{Ready: 1}
			s.letters = []broker.Letter{{ConversationID: s.Order.OrderID, Reason: "unreadable"}}
		}, "process kitchen.ticket-opened | ? | dead: dead letter in kitchen.ticket-opened.dead (unreadable); repair: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stop(t, "poison")
			var last *tracetree.Span
			kept := s.Spans[:0:0]
			for _, span := range s.Spans {
				number, _ := span.Attributes["traceria.delivery.attempt"].(int64)
				if strings.HasPrefix(span.Name, cook) && int(number) > test.attempts || test.attempts < 4 && strings.HasPrefix(span.Name, "send kitchen.dead") {
					continue
				}
				kept = append(kept, span)
			}
			s.Spans = kept
			for i := range s.Spans {
				if strings.HasPrefix(s.Spans[i].Name, cook) {
					last = &s.Spans[i]
				}
			}
			test.say(s, last)
			if got := s.text(t); !strings.HasPrefix(got, test.want) || strings.Contains(got, "\n") != strings.Contains(test.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
