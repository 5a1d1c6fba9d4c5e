package console

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// hop is a message on its way through one queue: a send span, a wait, a process span and a span of the database.
type hop struct {
	from, key, queue, to string
	under                int // the hop whose process span sends it, or -1 for the request
	wait, work           time.Duration
}

// hops are those of an order without failures. With the request and its database span they make 35 spans.
var hops = []hop{
	{"order", "order.order-created.v1", "order.order-created", "order", -1, 3, 6},
	{"order", "order.order-confirmed.v1", "loyalty.order-confirmed", "loyalty", 0, 4, 12},
	{"loyalty", "loyalty.loyalty-points-earned.v1", "order.loyalty-points-earned", "order", 1, 3, 4},
	{"order", "order.order-confirmed.v2", "kitchen.order-confirmed", "kitchen", 0, 6, 14},
	{"order", "order.order-confirmed.v2", "delivery.order-confirmed", "delivery", 0, 8, 7},
	{"kitchen", "kitchen.ticket-opened.v1", "kitchen.ticket-opened", "kitchen", 3, 30, 120},
	{"kitchen", "kitchen.order-preparing.v1", "order.order-preparing", "order", 5, 3, 4},
	{"kitchen", "kitchen.order-boxed.v1", "delivery.order-boxed", "delivery", 5, 5, 60},
	{"kitchen", "kitchen.order-boxed.v1", "order.order-boxed", "order", 5, 4, 4},
	{"delivery", "delivery.delivery-notification-sent.v1", "order.delivery-notification-sent", "order", 7, 3, 4},
	{"delivery", "delivery.order-delivered.v1", "order.order-delivered", "order", 7, 3, 5},
}

// made is a span and the service that sends it.
type made struct {
	service string
	span    ptrace.Span
}

// orderSpans makes the spans of an order that is placed at a time. The conversation is its id.
func orderSpans(id string, at time.Time) []made {
	var traceID pcommon.TraceID
	_, _ = rand.Read(traceID[:]) // it never fails
	var all []made
	add := func(service, name string, kind ptrace.SpanKind, parent pcommon.SpanID, from, to time.Time, attributes map[string]any) pcommon.SpanID {
		span := ptrace.NewSpan()
		var spanID pcommon.SpanID
		_, _ = rand.Read(spanID[:])
		span.SetTraceID(traceID)
		span.SetSpanID(spanID)
		span.SetParentSpanID(parent)
		span.SetName(name)
		span.SetKind(kind)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(from))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(to))
		_ = span.Attributes().FromRaw(attributes) // strings and numbers only
		span.Attributes().PutStr("traceria.conversation", id)
		all = append(all, made{service, span})
		return spanID
	}
	database := func(service string, parent pcommon.SpanID, from, to time.Time) {
		add(service, "INSERT orders + outbox", ptrace.SpanKindClient, parent, from, to, map[string]any{
			"db.system.name": "sqlite", "db.namespace": service, "traceria.db.commit_ms": 2.5,
		})
	}
	ms := time.Millisecond
	root := add("order", "POST /order", ptrace.SpanKindServer, pcommon.SpanID{}, at, at.Add(4*ms), map[string]any{
		"http.request.method": "POST", "http.route": "/order", "http.response.status_code": 202, "traceria.customer": "customer-" + id[len(id)-1:],
	})
	database("order", root, at.Add(ms), at.Add(3*ms))
	type end struct {
		span pcommon.SpanID
		at   time.Time
	}
	var ends []end
	sends := map[string]end{}
	for _, h := range hops {
		above := end{root, at.Add(4 * ms)}
		if h.under >= 0 {
			above = ends[h.under]
		}
		message := map[string]any{
			"messaging.system": "rabbitmq", "messaging.operation.name": "send", "messaging.operation.type": "send", "messaging.destination.name": "events:" + h.key,
			"messaging.rabbitmq.destination.routing_key": h.key, "messaging.message.id": id + "." + h.key, "messaging.message.conversation_id": id,
		}
		sent, known := sends[h.key]
		if !known {
			sent.at = above.at.Add(6 * ms)
			sent.span = add(h.from, "send events:"+h.key, ptrace.SpanKindProducer, above.span, above.at, sent.at, message)
			sends[h.key] = sent
		}
		begin := sent.at.Add(h.wait * ms)
		done := begin.Add(h.work * ms)
		message["messaging.operation.name"], message["messaging.operation.type"] = "process", "process"
		message["messaging.destination.name"] = "events:" + h.key + ":" + h.queue
		message["traceria.queue.wait_ms"], message["traceria.delivery.attempt"], message["traceria.message.settled"] = float64(h.wait), 1, "ack"
		handled := add(h.to, "process events:"+h.key+":"+h.queue, ptrace.SpanKindConsumer, sent.span, begin, done, message)
		database(h.to, handled, begin.Add(ms), done.Add(-ms))
		ends = append(ends, end{handled, done})
	}
	return all
}

// request is an OTLP request with the spans, a resource for each service.
func request(t *testing.T, spans []made) []byte {
	t.Helper()
	traces := ptrace.NewTraces()
	scopes := map[string]ptrace.ScopeSpans{}
	for _, one := range spans {
		scope, known := scopes[one.service]
		if !known {
			resource := traces.ResourceSpans().AppendEmpty()
			resource.Resource().Attributes().PutStr("service.name", one.service)
			resource.Resource().Attributes().PutStr("service.version", "test")
			scope = resource.ScopeSpans().AppendEmpty()
			scopes[one.service] = scope
		}
		one.span.CopyTo(scope.Spans().AppendEmpty())
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// post sends spans as a Collector does, and wants a 200.
func post(t *testing.T, base string, spans []made) {
	t.Helper()
	if len(spans) == 0 {
		return
	}
	response, err := http.Post(base+"/v1/traces", "application/x-protobuf", bytes.NewReader(request(t, spans)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("POST /v1/traces answers %d", response.StatusCode)
	}
}

// backlog sends orders of the last minutes.
func backlog(t *testing.T, base string, orders int) {
	t.Helper()
	var batch []made
	for i := range orders {
		at := time.Now().Add(-time.Minute - time.Duration(orders-i)*20*time.Millisecond)
		batch = append(batch, orderSpans(fmt.Sprintf("order-%d", at.UnixMilli()), at)...)
		if len(batch) > 2000 {
			post(t, base, batch)
			batch = nil
		}
	}
	post(t, base, batch)
}

// steady sends orders at a rate for a time, as a Collector does: each 200 ms the spans that have ended. The id of an order has the
// millisecond at which it was placed.
func steady(t *testing.T, base string, perSecond int, during time.Duration) (stop func() int) {
	t.Helper()
	done := make(chan struct{})
	placed := 0
	var sender sync.WaitGroup
	sender.Go(func() {
		var open []made
		flush := time.NewTicker(200 * time.Millisecond)
		defer flush.Stop()
		start := time.Now()
		for {
			select {
			case <-done:
				return
			case now := <-flush.C:
				for placed < int(min(now.Sub(start), during).Seconds()*float64(perSecond)) {
					at := start.Add(time.Duration(placed) * time.Second / time.Duration(perSecond))
					open = append(open, orderSpans(fmt.Sprintf("order-%d", at.UnixMilli()), at)...)
					placed++
				}
				var ended []made
				open = slices.DeleteFunc(open, func(m made) bool {
					if m.span.EndTimestamp().AsTime().After(now) {
						return false
					}
					ended = append(ended, m)
					return true
				})
				post(t, base, ended)
			}
		}
	})
	return func() int {
		close(done)
		sender.Wait()
		return placed
	}
}
