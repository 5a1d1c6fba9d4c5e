package conformance

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
	rules "traceria/telemetry/conformance"
)

func TestWrongOptionsAreNamed(t *testing.T) {
	t.Parallel()
	good := Options{AMQPURL: "amqp://127.0.0.1/", JaegerURL: "http://127.0.0.1:16686", Queue: "q", Exchange: "e"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(o *Options){
		"queue":      func(o *Options) { o.Queue = "" },
		"exchange":   func(o *Options) { o.Exchange = strings.Repeat("x", 256) },
		"count":      func(o *Options) { o.Count = 101 },
		"timeout":    func(o *Options) { o.Timeout = -time.Second },
		"AMQP URL":   func(o *Options) { o.AMQPURL = "http://x:secret@y" },
		"Jaeger URL": func(o *Options) { o.JaegerURL = "://x:secret@y" },
	} {
		o := good
		change(&o)
		if err := o.Check(); err == nil || !strings.HasPrefix(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A broker that goes away ends the wait with an error, and not with the verdict that nothing was published.
func TestALostConnectionIsNoVerdict(t *testing.T) {
	t.Parallel()
	lost := &tap{done: make(chan struct{})}
	close(lost.done)
	if err := lost.wait(t.Context(), []string{"o-1"}, time.Minute); err == nil || !strings.Contains(err.Error(), "connection to RabbitMQ was lost") {
		t.Errorf("got %v", err)
	}
}

// The page has what a service must take and publish.
func TestThePageNamesTheContract(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("page.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"three OrderBoxed", event.PublicExchange}
	for _, kind := range append(wanted(), event.OrderBoxedV1) {
		texts = append(texts, kind.RoutingKey(), kind.String())
	}
	for _, text := range texts {
		if !strings.Contains(string(page), text) {
			t.Errorf("page.md does not have %q", text)
		}
	}
}

// FuzzRead reads any message of a service. It never fails, and a message without fault is one of the wanted events.
func FuzzRead(f *testing.F) {
	f.Add("delivery.order-delivered.v1", "application/json", `{"metadata":{"eventType":"OrderDelivered","version":"v1","eventId":"e"},"data":{"orderId":"o"}}`)
	f.Add("delivery.order-delivered.v1", "", `{"metadata":{"eventType":"DeliveryNotificationSent","version":"v1","eventId":"e"},"data":{"orderId":"o"}}`)
	f.Add("x", "application/cloudevents+json", `{"specversion":"1.0"}`)
	f.Fuzz(func(t *testing.T, routingKey, contentType, body string) {
		p := read(broker.Delivery{RoutingKey: routingKey, ContentType: contentType, Body: []byte(body)})
		if p.wrong == nil && (p.order == "" || p.kind.RoutingKey() != routingKey) {
			t.Errorf("%q is taken for %s of order %q", body, p.kind, p.order)
		}
	})
}

func TestContractVerdicts(t *testing.T) {
	t.Parallel()
	kind := event.OrderDeliveredV1
	for want, found := range map[string][]published{
		"ok OrderDelivered v1":          {{kind: kind}},
		"ok OrderDelivered v1, 2 times": {{kind: kind}, {kind: kind}},
		"wrong no order":                {{kind: kind}, {kind: kind, wrong: errors.New("no order")}},
		"wrong none arrived":            {{kind: event.DeliveryNotificationSentV1}},
	} {
		v := contract("o-1", found)[1]
		if got := string(v.Result) + " " + v.Detail; !strings.HasPrefix(got, want) || v.Rule != "publishes OrderDelivered" {
			t.Errorf("%s: %s, want %q", v.Rule, got, want)
		}
	}
	if rules.Holds(contract("o-1", nil)) {
		t.Error("nothing was published")
	}
}
