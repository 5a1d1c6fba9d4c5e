// Package inject breaks Traceria on purpose. Each failure of the catalogue has a file of its own, named after its key,
// which says what it does and what Jaeger shows then. The happy path knows nothing of them: they take part at the seams
// of broker, store and host, and ask [failure.On] each time.
package inject

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/store"
	"traceria/telemetry"
)

// Injector takes part in what one service does. What it remembers is of this process only.
type Injector struct {
	service string
	tel     *telemetry.Telemetry
	away    away          // loyalty.down
	stalled away          // outbox.stall
	cuts    pace          // broker.disconnect, of the consuming connection
	sendCut pace          // broker.disconnect, of the publishing connection
	earlier earlierOrders // trace.stale-parent
}

// New makes the injector of one service.
func New(service string, tel *telemetry.Telemetry) *Injector {
	return &Injector{service: service, tel: tel}
}

// Broker are the injector's parts in what the service does with RabbitMQ.
func (i *Injector) Broker() broker.Seams {
	return broker.Seams{Handling: i.handle, Declining: messageExpireRead, Sending: i.send, Closed: i.closed, TraceMode: traceMode}
}

// Store are the injector's parts in what the service does with its database.
func (i *Injector) Store() store.Seams {
	return store.Seams{Publishing: i.publish, Tracing: traceDatabase}
}

// next is the rest of the way.
type next func(context.Context) error

// handlings are the failures of consumers: they stand around the handler of the queue, the first outermost.
var handlings = []struct {
	key   failure.Key
	queue string // "" is every queue
	do    func(i *Injector, ctx context.Context, variant string, a *broker.Attempt, work next) error
}{
	{failure.BrokerDisconnect, "", brokerDisconnect},
	{failure.TraceClockSkew, ticketOpened, traceClockSkew},
	{failure.DeliveryAckEarly, "delivery.order-boxed", deliveryAckEarly},
	{failure.KitchenHang, ticketOpened, kitchenHang},
	{failure.RetryStorm, ticketOpened, retryStorm},
	{failure.KitchenPoison, ticketOpened, kitchenPoison},
	{failure.KitchenError, ticketOpened, kitchenError},
	{failure.TraceUninstrumentedError, ticketOpened, traceUninstrumentedError},
	{failure.KitchenCrash, ticketOpened, kitchenCrash},
	{failure.KitchenSlow, ticketOpened, kitchenSlow},
}

const ticketOpened = "kitchen.ticket-opened"

func (i *Injector) handle(ctx context.Context, a *broker.Attempt, work func(context.Context) error) error {
	ctx = failure.WithAttempt(ctx, a.Number)
	i.suffer(ctx, a)
	_, _ = failure.On(ctx, failure.TraceMode) // the span says in which mode it stands
	return i.handleFrom(0, ctx, a, work)
}

// handleFrom is what the handlings from the first on make of the work.
func (i *Injector) handleFrom(first int, ctx context.Context, a *broker.Attempt, work next) error {
	for n := first; n < len(handlings); n++ {
		h := handlings[n]
		if h.queue != "" && h.queue != a.Queue {
			continue
		}
		if variant, on := failure.On(ctx, h.key); on {
			return h.do(i, ctx, variant, a, func(ctx context.Context) error { return i.handleFrom(n+1, ctx, a, work) })
		}
	}
	return work(ctx)
}

// suffer marks the span of an attempt at a message that something was injected into.
func (i *Injector) suffer(ctx context.Context, a *broker.Attempt) {
	if injected, ok := a.Message.Headers[failure.InjectedHeader].(string); ok {
		failure.Suffer(ctx, injected)
		eventRenamedFieldRead(a, injected)
	}
	i.loyaltyWasDown(ctx, a)
}

// sendings are the failures of the order service's publisher, when it sends a form of OrderConfirmed.
var sendings = []struct {
	key failure.Key
	do  func(i *Injector, ctx context.Context, d *departure)
}{
	{failure.OrderUnroutable, orderUnroutable},
	{failure.BrokerNack, brokerNack},
	{failure.QueueOverflow, queueOverflow},
	{failure.MessageExpire, messageExpire},
	{failure.EventUnreadable, eventUnreadable},
	{failure.EventBreaking, eventBreaking},
	{failure.EventRenamedField, eventRenamedField},
	{failure.TraceDropHeaders, traceDropHeaders},
	{failure.TraceDropContext, traceDropContext},
	{failure.TraceMalformed, traceMalformed},
	{failure.TraceStaleParent, traceStaleParent},
	{failure.TraceLostSampling, traceLostSampling},
}

func (i *Injector) send(ctx context.Context, d *broker.Departure) {
	out := &departure{Departure: d}
	for _, name := range d.Injected {
		out.mark(failure.Key(name), nil)
	}
	if _, on := failure.On(ctx, failure.BrokerDisconnect); on {
		brokerDisconnectSending(i, out)
	}
	if i.service == "order" && d.Type.Name == event.OrderConfirmedV1.Name {
		i.earlier.note(out)
		for _, s := range sendings {
			if _, on := failure.On(ctx, s.key); on {
				s.do(i, ctx, out)
			}
		}
	}
	out.finish()
}

// errInjected is the error of a failure that was injected.
type errInjected struct{ key failure.Key }

func (e errInjected) Error() string { return fmt.Sprintf("%s is switched on", e.key) }

// ErrorType is its error.type on a span.
func (errInjected) ErrorType() string { return "injected" }

// die ends the process as kill -9 does, when the current span was exported: everything else of it is lost.
func (i *Injector) die(ctx context.Context, key failure.Key, why string) {
	failure.Inject(ctx, key)
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(semconv.ErrorTypeKey.String("crash"))
	span.SetStatus(codes.Error, why)
	span.End()
	i.tel.Log.Error().Ctx(ctx).Str("failure", string(key)).Msg(why)
	const flushTime = 3 * time.Second
	flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := i.tel.Flush(flushing); err != nil {
		i.tel.Log.Error().Err(err).Msg("the last spans were not exported")
	}
	self, err := os.FindProcess(os.Getpid())
	if err = errors.Join(err, self.Kill()); err != nil {
		panic(err)
	}
	select {} // until the signal is there
}

// pause waits, or returns the error of ctx when it ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look is how often it is asked whether something that lasts is still switched on.
const look = 100 * time.Millisecond

// pace lets something happen once in a while.
type pace struct{ last atomic.Int64 }

// may is true once in every span of time.
func (p *pace) may(every time.Duration) bool {
	now, last := time.Now().UnixNano(), p.last.Load()
	return now-last >= every.Nanoseconds() && p.last.CompareAndSwap(last, now)
}

// ago is how long it is since it was let happen last.
func (p *pace) ago() time.Duration { return time.Since(time.Unix(0, p.last.Load())) }

// away remembers when something was switched off last: what was meant for it then suffered from that.
type away struct {
	since, until atomic.Int64 // Unix nanoseconds; until is 0 while it lasts
}

// is notes whether it lasts.
func (w *away) is(now bool) {
	switch at := time.Now().UnixNano(); {
	case now && (w.since.Load() == 0 || w.until.Load() != 0):
		w.until.Store(0)
		w.since.Store(at)
	case !now && w.since.Load() != 0 && w.until.Load() == 0:
		w.until.Store(at)
	}
}

// during tells whether it lasted at that time.
func (w *away) during(at time.Time) bool {
	since, until := w.since.Load(), w.until.Load()
	return since != 0 && at.UnixNano() >= since && (until == 0 || at.UnixNano() <= until)
}
