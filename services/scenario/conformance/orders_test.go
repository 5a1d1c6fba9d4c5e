package conformance_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/scenario/conformance"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"

	rules "traceria/telemetry/conformance"
)

// openWithoutDelivery starts the pizzeria, and stops its delivery. It returns the options of a run with real orders.
func openWithoutDelivery(t *testing.T) (*systemtest.Pizzeria, conformance.Options) {
	t.Helper()
	p := systemtest.StartWorld(t).Open(t, nil)
	if err := p.Services["delivery"].Stop(); err != nil {
		t.Fatal(err)
	}
	o := conformance.Options{
		AMQPURL: p.Broker.URL, OrderURL: "http://" + p.Addresses["order"], Exchange: event.PublicExchange, Queue: "courier.order-boxed",
		Service: "courier",
	}
	for _, variable := range p.Env {
		switch name, value, _ := strings.Cut(variable, "="); name {
		case "JAEGER_URL":
			o.JaegerURL = value
		case "OTEL_EXPORTER_OTLP_ENDPOINT":
			t.Setenv(name, value)
		}
	}
	return p, o
}

// A service of one's own delivers real orders: the order service hears of it, and the trace goes on through it.
func TestAServiceInThePlaceOfDelivery(t *testing.T) {
	p, options := openWithoutDelivery(t)
	c := newCourier(t, options)
	c.bind(t)
	var silent atomic.Bool
	c.data = func(orderID string) []event.Payload {
		if silent.Load() {
			return nil
		}
		return goodData(orderID)
	}
	c.consume(t)
	report, err := conformance.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := report.Print(&out); err != nil {
		t.Fatal(err)
	}
	if v := verdictOn(t, report, "delivers the order"); !report.Current || v.Result != rules.OK {
		t.Errorf("current %t, %+v\n%s", report.Current, v, &out)
	}
	for _, rule := range []string{"tracestate", "baggage", "conversation", "published-context"} {
		if v := verdictOn(t, report, rule); v.Result != rules.OK {
			t.Errorf("got %+v", v)
		}
	}
	spans, err := p.Jaeger.Trace(t.Context(), report.Messages[0].TraceID)
	if err != nil {
		t.Fatal(err)
	}
	if shape := tracetree.Shape(tracetree.Build(spans)); !strings.Contains(shape, "process events:kitchen.order-boxed.v1:courier.order-boxed") ||
		!strings.Contains(shape, "process events:delivery.order-delivered.v1:order.order-delivered") {
		t.Errorf("the trace is\n%s", shape)
	}

	// Without an answer of the service the order stays boxed.
	silent.Store(true)
	options.Count, options.Timeout = 1, 8*time.Second
	report, err = conformance.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOn(t, report, "delivers the order"); report.Holds || v.Result != rules.Wrong || !strings.HasSuffix(v.Detail, " is boxed, want delivered") {
		t.Errorf("got %+v", v)
	}
}
