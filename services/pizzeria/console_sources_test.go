package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/console"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// answering is a configuration in which every service, and Jaeger, is one server.
func answering(t *testing.T, answer http.HandlerFunc) host.Config {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	config := host.Load(host.NewEnv(func(string) (string, bool) { return "", false }))
	for name := range config.URLs {
		config.URLs[name] = server.URL
	}
	config.JaegerURL = server.URL
	return config
}

const (
	anOrder  = "4d4cbbf2-54a5-4c17-b5ce-f1c4ed1a3f5e"
	aMessage = "0b9e3a52-6f0e-4c58-9d3e-2d7c7a4a9f10.v2"
)

func TestAMessageComesFromTheOutboxOfItsSender(t *testing.T) {
	t.Parallel()
	config := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.Header.Get("Traceparent"), "-00") {
			t.Errorf("the question is recorded: %v", r.Header)
		}
		switch r.URL.EscapedPath() {
		case "/outbox/" + aMessage:
			_, _ = fmt.Fprint(w, `{"metadata":{"eventId":"x"},"data":{"orderId":"o-1"}}`)
		case "/outbox/a%2F..%2Fb":
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = fmt.Fprint(w, `{"status":422,"title":"Invalid","detail":"want the id of a message"}`)
		case "/outbox/gone":
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"status":404,"title":"Not found","detail":"kept for 1h"}`)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	find := sentMessage(config)
	m, err := find(t.Context(), "order", aMessage)
	if err != nil || m.Source != "outbox of order" || string(m.Data) != `{"orderId":"o-1"}` || string(m.Metadata) != `{"eventId":"x"}` {
		t.Errorf("got %+v, %v", m, err)
	}
	for _, c := range []struct{ service, id, says string }{
		{"order", "gone", "kept for 1h"},
		{"order", "a/../b", "want the id of a message"},
		{"order", "", "no message id"},
		{"console", aMessage, "no service of the pizzeria"},
		{"http://127.0.0.1:1/", aMessage, "no service of the pizzeria"},
	} {
		if _, err := find(t.Context(), c.service, c.id); !errors.Is(err, console.ErrNoMessage) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s: %v, want %q", c.service, c.id, err, c.says)
		}
	}
	if _, err := find(t.Context(), "order", "else"); err == nil || errors.Is(err, console.ErrNoMessage) {
		t.Errorf("a service that is not ready: %v", err)
	}
}

// Jaeger has no such trace and no such conversation; the order service has no such order.
func TestOlderSpansThatAreNowhereAreNotFound(t *testing.T) {
	t.Parallel()
	config := answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v3/services":
			_, _ = fmt.Fprint(w, `{"services":[]}`)
		case "/order":
			_, _ = fmt.Fprint(w, `{"orders":[]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"errors":[{"code":404,"msg":"trace not found"}]}`)
		}
	})
	read := older(config)
	for _, id := range []string{anOrder, "ORD17", "ord18", strings.Repeat("a", 32), "staff-alan", "a conversation of others"} {
		if _, err := read(t.Context(), id); !errors.Is(err, tracetree.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	away := older(host.Config{JaegerURL: "http://127.0.0.1:1", URLs: map[string]string{"order": "http://127.0.0.1:1"}})
	for _, id := range []string{anOrder, "ORD17"} {
		if _, err := away(t.Context(), id); err == nil || errors.Is(err, tracetree.ErrNotFound) {
			t.Errorf("%s without Jaeger: %v", id, err)
		}
	}
}

// A service says that it takes v3. From then on a v3 leads to its queue, and a v2 does not.
func TestRoutesFollowWhatTheServicesTake(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	config := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = fmt.Fprintf(w, `{"status":"ready","events":{"takes":[%q]}}`, event.OrderConfirmedV3.RoutingKey())
	})
	r := newRoutes(config)
	defer r.close()
	leads := func(key string) bool {
		for _, route := range r.routing().Routes(event.PublicExchange, key) {
			if route.Queue == "kitchen.order-confirmed" {
				return true
			}
		}
		return false
	}
	if !leads(event.OrderConfirmedV2.RoutingKey()) {
		t.Error("before an answer the topology does not count")
	}
	end := time.Now().Add(20 * time.Second)
	for !leads(event.OrderConfirmedV3.RoutingKey()) || leads(event.OrderConfirmedV2.RoutingKey()) {
		if time.Now().After(end) {
			t.Fatal("the routes do not change")
		}
		time.Sleep(5 * time.Millisecond)
	}
	for range 10_000 {
		r.routing().Routes("events", "no.such.key")
	}
	if n := asked.Load(); n > 2*int32(len(Services())) {
		t.Errorf("the services were asked %d times", n)
	}
}

// stillBroker counts the questions.
type stillBroker struct{ asked atomic.Int32 }

func (b *stillBroker) Count(context.Context, []string) (map[string]broker.QueueCount, error) {
	b.asked.Add(1)
	return map[string]broker.QueueCount{}, nil
}

func (b *stillBroker) Letters(context.Context, topology.Subscription, int) ([]broker.Letter, error) {
	return nil, nil
}

// Many readers of one order cost one look. A conversation of others costs none.
func TestWhatIsMissingIsAskedForOnce(t *testing.T) {
	t.Parallel()
	var orders atomic.Int32
	config := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/order/") {
			orders.Add(1)
			_, _ = fmt.Fprintf(w, `{"orderId":%q,"status":"created"}`, anOrder)
			return
		}
		_, _ = fmt.Fprint(w, `{"status":"ready"}`)
	})
	rabbitMQ := &stillBroker{}
	m := newMissingParts(config, rabbitMQ)
	spans := []tracetree.Span{{
		TraceID: tracetree.TraceID(strings.Repeat("a", 32)), SpanID: "00000000000000aa", Name: "POST /order", Kind: tracetree.KindServer, Service: "order",
		Start: time.Now().Add(-time.Minute), Attributes: map[string]any{"traceria.conversation": anOrder},
	}}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if m.of(t.Context(), anOrder, spans) == nil {
				t.Error("nothing is missing of an order that has only begun")
			}
		})
	}
	all.Wait()
	if orders.Load() != 1 || rabbitMQ.asked.Load() != 1 {
		t.Errorf("the order service was asked %d times, RabbitMQ %d times", orders.Load(), rabbitMQ.asked.Load())
	}
	foreign := []tracetree.Span{spans[0]}
	foreign[0].Service = "checkout"
	for conversation, spans := range map[string][]tracetree.Span{"staff-alan": spans, "11111111-1111-1111-1111-111111111111": spans, "": nil} {
		if found := m.of(t.Context(), conversation, spans); found != nil {
			t.Errorf("%q lacks %v", conversation, found)
		}
	}
	if !isOrder(anOrder, spans) || isOrder(anOrder, foreign) {
		t.Error("the spans of another service are about our order")
	}
	if orders.Load() != 1 {
		t.Errorf("conversations of others cost %d questions", orders.Load()-1)
	}
}
