package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"traceria/services/broker/wire"
	"traceria/services/wait"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"

	rules "traceria/telemetry/conformance"
)

const (
	flushTime = 5 * time.Second
	lookAgain = 500 * time.Millisecond
)

// Run publishes OrderBoxed to the exchange and judges what the service behind the queue does with it. The report says whether all
// rules hold. An error means that the service could not be judged.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Check(); err != nil {
		return Report{}, err
	}
	o = o.withDefaults()
	tel, err := telemetry.Start(ctx, telemetry.Config{Service: name, Version: o.Version, Shared: true, LogOutput: io.Discard})
	if err != nil {
		return Report{}, err
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		_ = tel.Shutdown(fresh) // the spans were flushed before
	}()
	conn, err := wire.Dial(ctx, o.AMQPURL, "traceria conformance")
	if err != nil {
		return Report{}, err
	}
	defer wire.CloseAfter(ctx, conn)()
	if err := awaitConsumer(ctx, conn, o); err != nil {
		return Report{}, err
	}
	return judge(ctx, conn, tel, o)
}

// awaitConsumer waits until the service consumes the queue.
func awaitConsumer(ctx context.Context, conn *wire.Connection, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	for first := true; ; first = false {
		reason := idle(conn, o.Queue)
		if reason == nil {
			return nil
		}
		if first {
			o.say("waiting for your service: %s", reason)
		}
		if err := wait.For(ctx, lookAgain); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("%w after %s: start your service, which declares the queue, binds it to exchange %s and consumes it", reason, o.Timeout, o.Exchange)
			}
			return err
		}
	}
}

// idle returns why no service consumes the queue, or nil.
func idle(conn *wire.Connection, name string) error {
	ch, err := conn.Channel() // RabbitMQ closes the channel of a failed look
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer ch.Close() //nolint:errcheck // the look has its result
	queue, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
	switch {
	case wire.IsMissing(err):
		return fmt.Errorf("there is no queue %s", name)
	case err != nil:
		return fmt.Errorf("look at queue %s: %w", name, err)
	case queue.Consumers == 0:
		return fmt.Errorf("queue %s has no consumer", name)
	}
	return nil
}

func judge(ctx context.Context, conn *wire.Connection, tel *telemetry.Telemetry, o Options) (Report, error) {
	tapping, stop := context.WithCancel(ctx)
	defer stop()
	copies, err := openTap(tapping, conn, o.Exchange)
	if err != nil {
		return Report{}, err
	}
	defer func() { stop(); <-copies.done }()
	spans := &reader{options: o, jaeger: tracetree.NewJaeger(o.JaegerURL, nil), began: time.Now().Add(-time.Second)}
	if _, err := spans.services(ctx); err != nil { // before a message is sent
		return Report{}, err
	}
	sent, err := send(ctx, conn, tel, o)
	if err != nil {
		return Report{}, err
	}
	o.say("waiting for %s and %s", wanted()[0].Name, wanted()[1].Name)
	if err := copies.wait(ctx, sent.orders, o.Timeout); err != nil {
		return Report{}, err
	}
	o.say("waiting for the spans in Jaeger at %s", telemetry.Redacted(o.JaegerURL))
	spans.batch, spans.copies = sent, copies
	found, err := spans.read(ctx)
	if err != nil {
		return Report{}, err
	}
	all := append(spans.verdicts(found), sent.delivered(ctx)...)
	return report(sent, spans.under(found), copies, all), nil
}

func report(sent *batch, spans []tracetree.Span, copies *tap, verdicts []rules.Verdict) Report {
	r := Report{Exchange: sent.options.Exchange, Queue: sent.options.Queue, Verdicts: verdicts}
	for _, s := range spans {
		if !slices.Contains(r.Services, s.Service) {
			r.Services = append(r.Services, s.Service)
		}
	}
	slices.Sort(r.Services)
	for i, order := range sent.orders {
		r.Messages = append(r.Messages, Message{
			OrderID: order, TraceID: sent.traces[i], Published: len(copies.of(order)),
			Jaeger: strings.TrimRight(telemetry.Redacted(sent.options.JaegerPublicURL), "/") + "/trace/" + sent.traces[i],
		})
	}
	r.Holds, r.Current = rules.Holds(r.Verdicts), rules.Current(r.Verdicts)
	return r
}
