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

// Injector injects the failures of one service. Its state is local to the process.
type Injector struct {
	service string
	tel     *telemetry.Telemetry
	away    away          // loyalty.down
	stalled away          // outbox.stall
	cuts    pace          // broker.disconnect, of the consuming connection
	sendCut pace          // broker.disconnect, of the publishing connection
	earlier earlierOrders // trace.stale-parent
}

// New returns the injector of a service.
func New(service string, tel *telemetry.Telemetry) *Injector {
	return &Injector{service: service, tel: tel}
}

// Broker returns the injector's seams in the broker.
func (i *Injector) Broker() broker.Seams {
	return broker.Seams{Handling: i.handle, Declining: messageExpireRead, Sending: i.send, Closed: i.closed, TraceMode: traceMode}
}

// Store returns the injector's seams in the store.
func (i *Injector) Store() store.Seams {
	return store.Seams{Publishing: i.publish, Tracing: traceDatabase}
}

// next continues with the remaining failures and the handler.
type next func(context.Context) error

// handlings are the failures of consumers. They wrap the handler of the queue, the first one outermost.
var handlings = []struct {
	key   failure.Key
	queue string // "" means every queue
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
	_, _ = failure.On(ctx, failure.TraceMode) // marks the span with the mode
	return i.handleFrom(0, ctx, a, work)
}

// handleFrom runs the handlings from index first on, then the work.
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

// suffer marks the process span of a message with the failures that were injected into it.
func (i *Injector) suffer(ctx context.Context, a *broker.Attempt) {
	if injected, ok := a.Message.Headers[failure.InjectedHeader].(string); ok {
		failure.Suffer(ctx, injected)
		eventRenamedFieldRead(a, injected)
	}
	i.loyaltyWasDown(ctx, a)
}

// sendings are the failures of the order service when it sends a form of OrderConfirmed.
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

// errInjected is the error of an injected failure.
type errInjected struct{ text string }

// injected returns the error of a failure. It names the key, unless the marks are withheld.
func injected(ctx context.Context, key failure.Key) error {
	if failure.FromContext(ctx).Unmarked(key) {
		return errInjected{"the work failed"}
	}
	return errInjected{fmt.Sprintf("%s is switched on", key)}
}

func (e errInjected) Error() string { return e.text }

// ErrorType is the error.type of the span.
func (errInjected) ErrorType() string { return "injected" }

// die exports the current span and ends the process as kill -9 does. Everything else is lost.
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
	select {} // until the signal arrives
}

// look is the polling interval of a lasting failure.
const look = 100 * time.Millisecond

// pace limits how often something happens.
type pace struct{ last atomic.Int64 }

// may returns true once per interval.
func (p *pace) may(every time.Duration) bool {
	now, last := time.Now().UnixNano(), p.last.Load()
	return now-last >= every.Nanoseconds() && p.last.CompareAndSwap(last, now)
}

// ago returns the time since may last returned true.
func (p *pace) ago() time.Duration { return time.Since(time.Unix(0, p.last.Load())) }

// away records the last time span of a lasting failure. Events from that span are marked as sufferers.
type away struct {
	since, until atomic.Int64 // Unix nanoseconds; until is 0 while it lasts
}

// is records whether the failure is on.
func (w *away) is(now bool) {
	switch at := time.Now().UnixNano(); {
	case now && (w.since.Load() == 0 || w.until.Load() != 0):
		w.until.Store(0)
		w.since.Store(at)
	case !now && w.since.Load() != 0 && w.until.Load() == 0:
		w.until.Store(at)
	}
}

// during reports whether the failure was on at that time.
func (w *away) during(at time.Time) bool {
	since, until := w.since.Load(), w.until.Load()
	return since != 0 && at.UnixNano() >= since && (until == 0 || at.UnixNano() <= until)
}
