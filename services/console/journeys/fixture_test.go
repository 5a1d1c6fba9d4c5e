package journeys

import (
	"fmt"
	"math/rand/v2"
	"time"

	"traceria/telemetry/tracetree"
)

var epoch = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

// pizza makes an order of 35 spans as the pizzeria does, with attributes of the same number and length. Each has ids of its own.
type pizza struct {
	random *rand.Rand
	spans  []tracetree.Span
	trace  string
	order  string
	start  time.Time
	linked bool // each hop is a trace of its own
}

func newOrder(n int, linked bool) []tracetree.Span {
	p := &pizza{random: rand.New(rand.NewPCG(uint64(n), 7)), start: epoch.Add(time.Duration(n) * 20 * time.Millisecond), linked: linked}
	p.trace, p.order = p.hex(32), fmt.Sprintf("%s-%s-4%s-8%s-%s", p.hex(8), p.hex(4), p.hex(3), p.hex(3), p.hex(12))
	post := p.span("", "order", tracetree.KindServer, "POST /order", 0, 6, map[string]any{
		"http.request.method": "POST", "http.route": "/order", "url.path": "/order", "url.scheme": "http", "server.address": "localhost",
		"server.port": int64(8081), "http.response.status_code": int64(202), "network.protocol.version": "1.1",
		"client.address": "127.0.0.1", "network.peer.address": "127.0.0.1", "network.peer.port": int64(40000 + n%9999), "user_agent.original": "Go-http-client/1.1",
		"traceria.kind": "command", "traceria.customer": fmt.Sprintf("customer-%d", n%20),
	})
	p.database(post, "order", 1)
	created := p.hop(post, "order", "order", "order.order-created.v1", 8)
	v1 := p.hop(created, "order", "loyalty", "order.order-confirmed.v1", 20)
	p.hop(v1, "loyalty", "order", "loyalty.loyalty-points-earned.v1", 40)
	v2 := p.hop(created, "order", "kitchen", "order.order-confirmed.v2", 22)
	opened := p.hop(v2, "kitchen", "kitchen", "kitchen.ticket-opened.v1", 50)
	p.hop(opened, "kitchen", "order", "kitchen.order-preparing.v1", 70)
	boxed := p.hop(opened, "kitchen", "delivery", "kitchen.order-boxed.v1", 300)
	p.hop(opened, "kitchen", "order", "kitchen.order-boxed.v1", 300)
	p.hop(boxed, "delivery", "order", "delivery.delivery-notification-sent.v1", 320)
	p.hop(boxed, "delivery", "order", "delivery.order-delivered.v1", 400)
	p.hop(created, "order", "delivery", "order.order-confirmed.v2", 24)
	return p.spans
}

// hop adds a send, a process span and a transaction below it. It returns the process span.
func (p *pizza) hop(parent, from, to, key string, at int) string {
	exchange := "events"
	if key == "kitchen.ticket-opened.v1" {
		exchange = "kitchen.private"
	}
	queue := to + "." + key[len(from)+1:len(key)-3]
	id := p.hex(32) + ".v1"
	message := map[string]any{
		"messaging.system": "rabbitmq", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": exchange + ":" + key, "messaging.rabbitmq.destination.routing_key": key, "messaging.message.id": id,
		"messaging.message.conversation_id": p.order, "server.address": "127.0.0.1", "server.port": int64(5672), "traceria.kind": "event",
		"messaging.message.body.size": int64(400 + p.random.IntN(200)), "messaging.client.id": from,
	}
	send := p.span(parent, from, tracetree.KindProducer, "send "+exchange+":"+key, at, 2, message)
	sender := p.spans[len(p.spans)-1]
	handled := map[string]any{
		"messaging.system": "rabbitmq", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": exchange + ":" + key + ":" + queue, "messaging.rabbitmq.destination.routing_key": key,
		"messaging.message.id": id, "messaging.message.conversation_id": p.order, "server.address": "127.0.0.1", "server.port": int64(5672),
		"messaging.rabbitmq.message.delivery_tag": int64(p.random.IntN(10000)), "traceria.kind": "event",
		"traceria.queue.wait_ms": float64(p.random.IntN(5000)) / 1000, "traceria.delivery.attempt": int64(1), "traceria.message.settled": "ack",
	}
	if p.linked {
		p.trace, send = p.hex(32), ""
	}
	process := p.span(send, to, tracetree.KindConsumer, "process "+exchange+":"+key+":"+queue, at+4, 8, handled)
	p.spans[len(p.spans)-1].Links = []tracetree.Link{{TraceID: sender.TraceID, SpanID: sender.SpanID}}
	p.database(process, to, at+5)
	return process
}

func (p *pizza) database(parent, service string, at int) {
	p.span(parent, service, tracetree.KindClient, "INSERT orders + outbox", at, 3, map[string]any{
		"db.system.name": "sqlite", "db.namespace": service + ".db", "db.operation.name": "INSERT", "traceria.db.wait_ms": p.random.Float64(),
		"traceria.db.commit_ms": p.random.Float64(), "traceria.db.statements": int64(4), "traceria.db.runs": int64(1),
		"traceria.db.operations": []any{"SELECT inbox", "INSERT inbox", "INSERT orders", "INSERT outbox"},
	})
}

func (p *pizza) span(parent, service, kind, name string, at, lasts int, attributes map[string]any) string {
	attributes["traceria.conversation"] = p.order
	jitter := time.Duration(p.random.IntN(900)) * time.Microsecond
	s := tracetree.Span{
		TraceID: p.trace, SpanID: p.hex(16), ParentID: parent, Name: name, Kind: kind, Service: service,
		Start: p.start.Add(time.Duration(at)*time.Millisecond + jitter), Duration: time.Duration(lasts)*time.Millisecond + jitter,
		Attributes: attributes, Resource: resources[service], Scope: tracetree.Scope{Name: "traceria/telemetry/otelamqp", Version: "0.9.0"},
	}
	p.spans = append(p.spans, s)
	return s.SpanID
}

var resources = map[string]map[string]any{}

func init() {
	for _, service := range []string{"order", "kitchen", "delivery", "loyalty"} {
		resources[service] = map[string]any{
			"service.name": service, "service.version": "v1.0.0", "service.instance.id": "0b1f4f3e-5c3a-4a44-9d0b-8a7f6e5d4c3b", "service.namespace": "traceria",
			"telemetry.sdk.language": "go", "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.version": "1.47.0", "host.name": "pizzeria", "process.pid": int64(4711),
		}
	}
}

func (p *pizza) hex(digits int) string {
	const all = "0123456789abcdef"
	out := make([]byte, digits)
	for i := range out {
		out[i] = all[p.random.IntN(16)]
	}
	return string(out)
}
