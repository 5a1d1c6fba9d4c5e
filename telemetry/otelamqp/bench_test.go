package otelamqp_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// The workload in the README.
const (
	pipelineWindow = 256
	bodySize       = 512
	prefetch       = 100
	pipelined      = 2000 // messages of one measurement: few, so that the variants alternate quickly
	oneAtATime     = 150
)

// exportNothing is an exporter behind the SDK's batch processor. A span goes through everything except the network.
type exportNothing struct{}

func (exportNothing) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (exportNothing) Shutdown(context.Context) error                             { return nil }

// variant is one compared setup. Without a tracer provider it is amqp091-go alone.
type variant struct {
	name string
	tp   trace.TracerProvider
	mp   metric.MeterProvider

	// headers makes amqp091-go alone send the headers of otelamqp. It shows their cost in the broker.
	headers bool

	conn  *amqp091.Connection
	queue string
}

func variants(b *testing.B) []*variant {
	sampled := func() trace.TracerProvider {
		tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exportNothing{}))
		b.Cleanup(func() { _ = tp.Shutdown(context.Background()) })
		return tp
	}
	off := metricnoop.NewMeterProvider()
	return []*variant{
		{name: "raw"},
		{name: "raw+headers", headers: true},
		{name: "no-op", tp: tracenoop.NewTracerProvider(), mp: off},
		{name: "unsampled", tp: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), mp: off},
		{name: "sampled", tp: sampled(), mp: off},
		{name: "sampled+metrics", tp: sampled(), mp: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))},
	}
}

func (v *variant) options() []otelamqp.Option {
	return []otelamqp.Option{
		otelamqp.WithTracerProvider(v.tp), otelamqp.WithMeterProvider(v.mp),
		otelamqp.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}
}

func (v *variant) message() otelamqp.Message {
	return otelamqp.Message{RoutingKey: v.queue, Publishing: amqp091.Publishing{
		MessageId: "0f8fad5b-d9cb-469f-a165-70867728950e", CorrelationId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
		DeliveryMode: amqp091.Persistent, Body: make([]byte, bodySize), Headers: amqp091.Table{"tenant": "one"},
	}}
}

// waiter is a confirmation of amqp091-go or of otelamqp.
type waiter func(context.Context) error

// publisher returns a function that publishes one message.
func (v *variant) publisher(b *testing.B, ch *amqp091.Channel) func(context.Context) (waiter, error) {
	m := v.message()
	if v.tp == nil {
		if v.headers {
			m.Publishing.Headers = amqp091.Table{
				"tenant": "one", otelamqp.SentAtHeader: time.Now().UnixNano(),
				"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
			}
		}
		must(b, ch.Confirm(false))
		return func(ctx context.Context) (waiter, error) {
			dc, err := ch.PublishWithDeferredConfirmWithContext(ctx, m.Exchange, m.RoutingKey, false, false, m.Publishing)
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) error { _, err := dc.WaitContext(ctx); return err }, nil
		}
	}
	p, err := otelamqp.NewPublisher(ch, v.options()...)
	must(b, err)
	return func(ctx context.Context) (waiter, error) {
		c, err := p.PublishDeferred(ctx, m)
		if err != nil {
			return nil, err
		}
		return c.Wait, nil
	}
}

// pipeline publishes n messages with at most window confirms outstanding, and returns messages per second.
func (v *variant) pipeline(b *testing.B, n, window int) float64 {
	ch, err := v.conn.Channel()
	must(b, err)
	defer ch.Close()
	publish := v.publisher(b, ch)
	outstanding := make([]waiter, 0, window)
	ctx := context.Background()
	start := time.Now()
	for i := range n {
		if len(outstanding) == window {
			must(b, outstanding[i%window](ctx))
		}
		w, err := publish(ctx)
		must(b, err)
		if len(outstanding) < window {
			outstanding = append(outstanding, w)
		} else {
			outstanding[i%window] = w
		}
	}
	for _, w := range outstanding {
		must(b, w(ctx))
	}
	return float64(n) / time.Since(start).Seconds()
}

// consume takes n messages with single acks, and returns messages per second.
func (v *variant) consume(b *testing.B, n int) float64 {
	ch, err := v.conn.Channel()
	must(b, err)
	defer ch.Close()
	must(b, ch.Qos(prefetch, 0, false))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	start := time.Now()
	if v.tp == nil {
		deliveries, err := ch.Consume(v.queue, "bench", false, false, false, false, nil)
		must(b, err)
		for range n {
			d := <-deliveries
			must(b, d.Ack(false))
		}
		return float64(n) / time.Since(start).Seconds()
	}
	c, err := otelamqp.NewConsumer(v.options()...)
	must(b, err)
	deliveries, err := ch.Consume(v.queue, "bench", false, false, false, false, nil)
	must(b, err)
	ack := func(_ context.Context, d amqp091.Delivery) error { return d.Ack(false) }
	for range n {
		must(b, c.Process(ctx, v.queue, <-deliveries, ack))
	}
	return float64(n) / time.Since(start).Seconds()
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkThroughput compares amqp091-go alone with otelamqp against one broker. The variants alternate in random
// order in every round, and the ratios are medians over the rounds, so other load affects all variants.
// OTELAMQP_BENCH_ROUNDS sets the number of rounds (default 60).
//
// A process that only publishes has a heap of 4 MB and collects garbage many times a second. Services have a larger
// heap. OTELAMQP_BENCH_HEAP_MB sets it for all variants in MB (default 64, 0 for none).
//
//	go test -run '^$' -bench Throughput -benchtime 1x -timeout 30m ./telemetry/otelamqp
func BenchmarkThroughput(b *testing.B) {
	rounds := setting("OTELAMQP_BENCH_ROUNDS", 60)
	heap := make([]byte, setting("OTELAMQP_BENCH_HEAP_MB", 64)<<20)
	defer runtime.KeepAlive(heap)
	url := rabbitmqtest.Shared(b).VHost(b)
	all := variants(b)
	for _, v := range all {
		v.connect(b, url)
	}
	workloads := []workload{
		{"publish, window 256", func(v *variant) measurement {
			purge(b, v)
			return measured(pipelined, func() float64 { return v.pipeline(b, pipelined, pipelineWindow) })
		}},
		{"publish, one at a time", func(v *variant) measurement {
			purge(b, v)
			return measured(oneAtATime, func() float64 { return v.pipeline(b, oneAtATime, 1) })
		}},
		{"consume, prefetch 100", func(v *variant) measurement {
			purge(b, v)
			fill(b, v, all)
			return measured(pipelined, func() float64 { return v.consume(b, pipelined) })
		}},
	}
	results := map[string]map[string][]measurement{}
	b.ResetTimer()
	for _, w := range workloads {
		results[w.name] = map[string][]measurement{}
		for round := range rounds + 1 {
			for _, i := range rand.Perm(len(all)) {
				m := w.measure(all[i])
				if round > 0 { // the first round is a warm-up
					results[w.name][all[i].name] = append(results[w.name][all[i].name], m)
				}
			}
		}
	}
	b.StopTimer()
	report(b, workloads, all, results)
}

// workload is one measured use. Each measurement starts with an empty queue.
type workload struct {
	name    string
	measure func(*variant) measurement
}

// measurement holds messages per second, and the processor time of this process in microseconds per message. The
// latter hardly depends on other load.
type measurement struct{ rate, cpu float64 }

func measured(n int, run func() float64) measurement {
	before := cpuTime()
	rate := run()
	return measurement{rate, float64((cpuTime() - before).Nanoseconds()) / 1e3 / float64(n)}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// setting reads a whole number from the environment.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func (v *variant) connect(b *testing.B, url string) {
	conn, err := amqp091.Dial(url)
	must(b, err)
	b.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	must(b, err)
	defer ch.Close()
	v.conn, v.queue = conn, "bench-"+strings.ReplaceAll(v.name, "+", "-")
	_, err = ch.QueueDeclare(v.queue, true, false, false, false, nil)
	must(b, err)
}

func purge(b *testing.B, v *variant) {
	ch, err := v.conn.Channel()
	must(b, err)
	defer ch.Close()
	_, err = ch.QueuePurge(v.queue, false)
	must(b, err)
}

// fill gives each variant the same messages to consume: those of the sampled publisher, with their headers.
func fill(b *testing.B, v *variant, all []*variant) {
	sampled := *all[4]
	sampled.queue, sampled.conn = v.queue, v.conn
	sampled.pipeline(b, pipelined, pipelineWindow)
}

func report(b *testing.B, workloads []workload, all []*variant, results map[string]map[string][]measurement) {
	var table strings.Builder
	for _, w := range workloads {
		fmt.Fprintf(&table, "\n%-24s %12s %8s %17s %22s\n", w.name, "messages/s", "of raw", "(quartiles)", "client CPU, µs/message")
		raw := results[w.name]["raw"]
		for _, v := range all {
			rate, cpu, ratios := make([]float64, len(raw)), make([]float64, len(raw)), make([]float64, len(raw))
			for i, m := range results[w.name][v.name] {
				rate[i], cpu[i], ratios[i] = m.rate, m.cpu, m.rate/raw[i].rate
			}
			fmt.Fprintf(&table, "  %-22s %12.0f %8.3f %9.3f - %.3f %22.1f\n", v.name, quantile(rate, 0.5),
				quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75), quantile(cpu, 0.5))
			b.ReportMetric(quantile(ratios, 0.5), strings.ReplaceAll(w.name+"/"+v.name, " ", "_"))
		}
	}
	fmt.Println(table.String())
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}
