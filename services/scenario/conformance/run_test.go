package conformance_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/scenario/conformance"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	rules "traceria/telemetry/conformance"
)

func verdictOn(t *testing.T, r conformance.Report, rule string) rules.Verdict {
	t.Helper()
	for _, v := range r.Verdicts {
		if v.Rule == rule {
			return v
		}
	}
	t.Fatalf("no verdict on %s", rule)
	return rules.Verdict{}
}

// A service with otelamqp keeps every rule of today. It is found by its spans, also if it is not named.
func TestAServiceWithOtelamqpConforms(t *testing.T) {
	b := newBench(t)
	options := b.options("courier")
	c := newCourier(t, options)
	c.bind(t)
	c.consume(t)
	options.Service, options.Count = "", 2
	var progress strings.Builder
	options.Progress = &progress
	report, err := conformance.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := report.Print(&out); err != nil {
		t.Fatal(err)
	}
	if !report.Holds || !report.Current || !strings.HasSuffix(out.String(), "\ncourier keeps the context.\n") {
		t.Errorf("holds %t, current %t\n%s\n%s", report.Holds, report.Current, &out, &progress)
	}
	if strings.Count(progress.String(), "published OrderBoxed of order ") != 2 {
		t.Errorf("progress:\n%s", &progress)
	}
	encoded, err := json.Marshal(report)
	if err != nil || !strings.Contains(string(encoded), `"services":["courier"],"exchange":"courier","queue":"courier.order-boxed"`) {
		t.Errorf("%s, %v", encoded, err)
	}
}

// What is published under the wrong routing key, or with a missing field, is not delivered in time, or names the field.
func TestABrokenContractIsNamed(t *testing.T) {
	b := newBench(t)
	options := b.options("courier")
	options.Timeout, options.Count = 6*time.Second, 1
	c := newCourier(t, options)
	c.bind(t)
	c.data = func(orderID string) []event.Payload { return goodData(orderID)[:1] }
	c.consume(t)
	report, err := conformance.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if v := verdictOn(t, report, "publishes OrderDelivered"); report.Holds || v.Result != rules.Wrong || !strings.Contains(v.Detail, "delivery.order-delivered.v1") {
		t.Errorf("got %+v", v)
	}
	if v := verdictOn(t, report, "publishes DeliveryNotificationSent"); v.Result != rules.OK {
		t.Errorf("got %+v", v)
	}
}

// A run that cannot judge the service says what is missing, and sends nothing.
func TestWhatARunNeeds(t *testing.T) {
	b := newBench(t)
	for name, test := range map[string]struct {
		prepare func(t *testing.T, c *courier, o *conformance.Options)
		want    string
	}{
		"no queue": {
			func(_ *testing.T, _ *courier, o *conformance.Options) { o.Queue = "missing" },
			"there is no queue missing after 1s: start your service, which declares the queue, binds it to exchange needs and consumes it",
		},
		"no consumer": {func(*testing.T, *courier, *conformance.Options) {}, "queue needs.order-boxed has no consumer after 1s"},
		"no exchange": {
			func(t *testing.T, c *courier, o *conformance.Options) { c.consume(t); o.Exchange = "missing" },
			"bind a queue to exchange missing",
		},
		"no binding": {
			func(t *testing.T, c *courier, _ *conformance.Options) { c.consume(t) },
			"no queue is bound to exchange needs with the routing key kitchen.order-boxed.v1: bind needs.order-boxed",
		},
		"no Jaeger": {
			func(t *testing.T, c *courier, o *conformance.Options) {
				c.bind(t)
				c.consume(t)
				o.JaegerURL = "http://127.0.0.1:1"
			},
			"Jaeger at http://127.0.0.1:1 does not answer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			options := b.options("needs")
			options.AMQPURL, options.Timeout = rabbitmqtest.Shared(t).VHost(t), time.Second
			test.prepare(t, newCourier(t, options), &options)
			if _, err := conformance.Run(t.Context(), options); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestSpansThatAreNotSampledCannotBeJudged(t *testing.T) {
	b := newBench(t)
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	options := b.options("courier")
	c := newCourier(t, options)
	c.bind(t)
	c.consume(t)
	if _, err := conformance.Run(t.Context(), options); err == nil || !strings.Contains(err.Error(), "OTEL_TRACES_SAMPLER") {
		t.Errorf("got %v", err)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	options := (&bench{amqp: rabbitmqtest.Shared(t).VHost(t), jaeger: "http://127.0.0.1:1"}).options("nothing")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	if _, err := conformance.Run(ctx, options); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("got %v after %s", err, time.Since(began))
	}
}
