package conformance

import (
	"maps"
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

const (
	trace    = "4bf92f3577b34da6a3ce929d0e0e4736"
	another  = "5bf92f3577b34da6a3ce929d0e0e4736"
	sendSpan = "00f067aa0ba902b7"
)

// example is a message, its spans and what was published because of it.
type example struct {
	sent      Sent
	spans     []tracetree.Span // the process span, its work, the ack and a send span
	published []Message
}

func (e example) verdicts() []Verdict { return Check(e.sent, e.spans, e.published) }

// span returns a span to change.
func (e example) span(id string) *tracetree.Span {
	i := slices.IndexFunc(e.spans, func(s tracetree.Span) bool { return s.SpanID == id })
	return &e.spans[i]
}

func (e example) process() *tracetree.Span { return e.span("9a0c000000000000") }

// good is a message whose context is kept, with spans as the conventions want them.
func good() example {
	began := time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	conversation := map[string]any{"messaging.message.conversation_id": "o-1"}
	with := func(more map[string]any) map[string]any {
		all := maps.Clone(conversation)
		maps.Copy(all, more)
		return all
	}
	span := func(id, parent, name, kind string, start, took int, attributes map[string]any) tracetree.Span {
		return tracetree.Span{
			TraceID: trace, SpanID: id, ParentID: parent, Name: name, Kind: kind, Service: "courier", TraceState: "shop=1,traceria=2",
			Start: at(start), Duration: time.Duration(took) * time.Millisecond, Attributes: with(attributes),
		}
	}
	process := span("9a0c000000000000", sendSpan, "process events:kitchen.order-boxed.v1:courier.boxed", tracetree.KindConsumer, 10, 100, map[string]any{
		"messaging.system": "rabbitmq", "messaging.operation.type": "process", "messaging.operation.name": "process",
		"messaging.destination.name":                 "events:kitchen.order-boxed.v1:courier.boxed",
		"messaging.rabbitmq.destination.routing_key": "kitchen.order-boxed.v1", "messaging.rabbitmq.message.delivery_tag": int64(1),
		"messaging.message.id": "e-1.v1", "server.address": "127.0.0.1",
	})
	process.Links = []tracetree.Link{{TraceID: trace, SpanID: sendSpan, TraceState: "shop=1,traceria=2"}}
	return example{
		sent: Sent{
			TraceID: trace, SpanID: sendSpan, TraceState: "traceria=2,shop=1", Baggage: map[string]string{"customer": "c 1", "table": "7"},
			Conversation: "o-1", Exchange: "events", RoutingKey: "kitchen.order-boxed.v1", Queue: "courier.boxed", MessageID: "e-1.v1",
		},
		spans: []tracetree.Span{
			process,
			span("3077000000000000", process.SpanID, "drive", tracetree.KindInternal, 12, 80, nil),
			span("5e4d000000000000", process.SpanID, "send events:delivery.order-delivered.v1", tracetree.KindProducer, 93, 5,
				map[string]any{"messaging.operation.type": "send"}),
			span("ac00000000000000", process.SpanID, "ack events", tracetree.KindClient, 99, 1, map[string]any{"messaging.operation.type": "settle"}),
		},
		published: []Message{{
			RoutingKey: "delivery.order-delivered.v1", MessageID: "e-2.v1", Conversation: "o-1",
			TraceParent: "00-" + trace + "-5e4d000000000000-01", TraceState: "traceria=2,shop=1", Baggage: "customer=c%201, table = 7;secret",
		}},
	}
}
