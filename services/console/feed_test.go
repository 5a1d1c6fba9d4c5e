package console_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"traceria/services/console/journeys"
	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// order returns the spans of a small order: a request, a send and a process span, with the texts in the names and attributes.
func order(id, customer string, n int, at time.Time) []tracetree.Span {
	trace := fmt.Sprintf("%032x", n+1)
	span := func(number int, parent, name, kind, service string, after, took time.Duration, more map[string]any) tracetree.Span {
		attributes := map[string]any{"traceria.conversation": id}
		maps.Copy(attributes, more)
		return tracetree.Span{
			TraceID: trace, SpanID: fmt.Sprintf("%016x", (n+1)*10+number), ParentID: parent, Name: name, Kind: kind, Service: service,
			Start: at.Add(after), Duration: took, Attributes: attributes, Resource: map[string]any{"service.name": service},
		}
	}
	root := span(1, "", "POST /order", tracetree.KindServer, "order", 0, 10*time.Millisecond, map[string]any{"traceria.customer": customer})
	messaging := map[string]any{
		"messaging.system": "rabbitmq", "messaging.message.id": id + ".v1", "messaging.rabbitmq.destination.routing_key": "order.order-created.v1",
	}
	with := func(more map[string]any) map[string]any {
		maps.Copy(more, messaging)
		return more
	}
	send := span(2, root.SpanID, "send events:order.order-created.v1", tracetree.KindProducer, "order", 10*time.Millisecond, 5*time.Millisecond,
		with(map[string]any{"messaging.operation.type": "send", "messaging.destination.name": "events:order.order-created.v1"}))
	process := span(3, send.SpanID, "process events:order.order-created.v1:kitchen.order-created", tracetree.KindConsumer, "kitchen",
		115*time.Millisecond, 20*time.Millisecond, with(map[string]any{
			"messaging.operation.type": "process", "messaging.destination.name": "events:order.order-created.v1:kitchen.order-created",
			"traceria.queue.wait_ms": 100.0, "traceria.delivery.attempt": int64(1), "traceria.message.settled": "ack",
		}))
	return []tracetree.Span{root, send, process}
}

// feed sends spans as a Collector does.
func (c *running) feed(t *testing.T, spans ...tracetree.Span) {
	t.Helper()
	body, err := otlp.MarshalJSON(spans)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := c.call(t, http.MethodPost, "/v1/traces", string(body), "Content-Type", "application/json"); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
}

// list is the answer of GET /api/journeys.
type list struct {
	Journeys        []journeys.Row
	Matching, Total int
	Counts          map[string]int
}

// rows waits until the list has so many journeys.
func (c *running) rows(t *testing.T, query string, want int) list {
	t.Helper()
	var found list
	eventually(t, fmt.Sprintf("%d journeys", want), func() bool {
		status, body := c.call(t, http.MethodGet, "/api/journeys?"+query, "")
		found = read[list](t, status, body)
		return found.Matching == want
	})
	return found
}

// journey returns GET /api/journeys/{id} as plain JSON.
func (c *running) journey(t *testing.T, id string) map[string]any {
	t.Helper()
	status, body := c.call(t, http.MethodGet, "/api/journeys/"+url.PathEscape(id), "")
	return read[map[string]any](t, status, body)
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for end := time.After(deadline); !condition(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("not within %s: %s", deadline, what)
		}
	}
}
