package broker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// stubborn is a handler whose first call ignores its context and does not return until free is called. If holds is set, its
// second call works until its context ends.
type stubborn struct {
	calls        atomic.Int32
	holds        bool
	began, freed chan struct{}
	free         func()
	handled      chan string
}

func newStubborn(t *testing.T) *stubborn {
	t.Helper()
	s := &stubborn{began: make(chan struct{}), freed: make(chan struct{}), handled: make(chan string, 100)}
	s.free = sync.OnceFunc(func() { close(s.freed) })
	t.Cleanup(s.free)
	return s
}

func (s *stubborn) handle(ctx context.Context, e event.Envelope) error {
	call := s.calls.Add(1)
	if call == 1 {
		close(s.began)
		<-s.freed
		return nil
	}
	s.handled <- e.Metadata.ConversationID
	if call == 2 && s.holds {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// hungMetric reads how many handlers hang, by queue.
func hungMetric(t *testing.T, reader sdkmetric.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "traceria.broker.hung" {
				for _, point := range sum.DataPoints {
					queue, _ := point.Attributes.Value("traceria.queue")
					found[queue.AsString()] = point.Value
				}
			}
		}
	}
	return found
}

// A handler hangs, and RabbitMQ restarts. All subscriptions consume again, and the handler is counted until it returns. Its
// late ack does not ack the message that has the same delivery tag now: the redelivered event, which another handler holds.
func TestSubscriptionsComeBackWithoutAHandlerThatHangs(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	b := brokertest.At(t, server.URL)
	reader := sdkmetric.NewManualReader()
	b.Telemetry.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	hanging := newStubborn(t)
	hanging.holds = true
	var others atomic.Int32
	s, other := brokertest.Boxed(hanging.handle), broker.Subscription{
		Subscription: topology.Subscription{Subscriber: "loyalty", Event: event.OrderBoxedV1}, Handle: brokertest.Counting(&others),
	}
	p := b.Publisher(t, b.Apply(t, s, other))
	c, stop := b.Consumer(t, s, other)
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	brokertest.Receive(t, hanging.began)
	if err := errors.Join(server.Stop(), server.Start()); err != nil {
		t.Fatal(err)
	}
	up := time.Now()
	brokertest.Eventually(t, "the consumer noticed", func() bool { return len(c.Hung()) == 1 })
	brokertest.Ready(t, p, c)
	if took := time.Since(up); took > 20*time.Second {
		t.Errorf("the subscriptions came back after %s", took)
	}
	if got := brokertest.Receive(t, hanging.handled); got != "o-1" {
		t.Errorf("after the restart %s is handled, want the event of the handler that hangs", got)
	}
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-2"))
	if got := brokertest.Receive(t, hanging.handled); got != "o-2" {
		t.Errorf("the subscription handles %s, want o-2", got)
	}
	brokertest.Eventually(t, "the other subscription handles both", func() bool { return others.Load() >= 2 })
	if hung := c.Hung(); len(hung) != 1 || hung[0].Queue != s.Queue() || hung[0].ConversationID != "o-1" || hung[0].Since.After(up) {
		t.Errorf("hung are %+v", hung)
	}
	if got := hungMetric(t, reader); got[s.Queue()] != 1 || got[other.Queue()] != 0 {
		t.Errorf("the metric says %v", got)
	}
	if lines(b.Log.String(), "a handler does not return") != 1 {
		t.Errorf("the log says\n%s", b.Log)
	}
	hanging.free()
	brokertest.Eventually(t, "the handler is uncounted", func() bool { return len(c.Hung()) == 0 })
	if log := b.Log.String(); !strings.Contains(log, "a handler that hung has returned") || !strings.Contains(log, "could not be settled") {
		t.Errorf("the log says\n%s", log)
	}
	if got := hungMetric(t, reader); got[s.Queue()] != 0 {
		t.Errorf("at the end the metric says %v", got)
	}
	stop()
	brokertest.Eventually(t, "the event is in the queue again", func() bool { return b.Count(t, s.Queue()) == 1 })
}

// A handler that hangs keeps its place in the gate. With one place, the subscription handles nothing until it returns.
func TestAHandlerThatHangsKeepsItsPlace(t *testing.T) {
	t.Parallel()
	direct := brokertest.New(t)
	line := newProxy(t, direct.URL)
	b := brokertest.At(t, line.url)
	hanging := newStubborn(t)
	s := brokertest.Boxed(hanging.handle)
	s.Gate = make(places, 1)
	p := direct.Publisher(t, direct.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	brokertest.Receive(t, hanging.began)
	line.cut()
	reconnected(b, t, "consume")
	brokertest.Ready(t, c)
	if len(c.Hung()) != 1 || len(hanging.handled) != 0 {
		t.Errorf("hung %v, %d handled; want one that keeps its place", c.Hung(), len(hanging.handled))
	}
	hanging.free()
	if got := brokertest.Receive(t, hanging.handled); got != "o-1" {
		t.Errorf("handled %s, want o-1", got)
	}
	// It gives its place to the next one first.
	brokertest.Eventually(t, "the handler is uncounted", func() bool { return len(c.Hung()) == 0 })
}

// Stopping does not wait for a handler that ignores its context.
func TestStoppingLeavesAHandlerThatHangs(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	hanging := newStubborn(t)
	s := brokertest.Boxed(hanging.handle)
	p := b.Publisher(t, b.Apply(t, s))
	c, stop := b.Consumer(t, s)
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-1"))
	brokertest.Receive(t, hanging.began)
	began := time.Now()
	stop()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("stopping took %s", took)
	}
	brokertest.Eventually(t, "the message is in its queue again", func() bool { return b.Count(t, s.Queue()) == 1 })
}
