package broker

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"
)

// Publish sends the events without waiting in between, and then waits for all confirms. It returns an error per event: nil
// if RabbitMQ has stored and routed it, [event.ErrBrokerAway] if the connection was lost, [event.ErrUnroutable] if no queue
// is bound to it, or the reason of the refusal. It waits for the broker until ctx ends.
func (p *Publisher) Publish(ctx context.Context, batch []event.Outgoing) []error {
	results := make([]error, len(batch))
	publisher, err := p.await(ctx)
	if err != nil {
		for i := range results {
			results[i] = fmt.Errorf("%w: %w", event.ErrBrokerAway, err)
		}
		return results
	}
	confirmations := make([]*otelamqp.Confirmation, len(batch))
	for i, outgoing := range batch {
		confirmations[i], results[i] = p.send(ctx, publisher, outgoing)
	}
	for i, confirmation := range confirmations {
		if confirmation != nil {
			// Not ctx: a sent message waits for its confirm, or for the confirm timeout, also while the service stops.
			results[i] = confirmation.Wait(context.WithoutCancel(ctx))
		}
		results[i] = explain(results[i])
	}
	return results
}

func (p *Publisher) send(ctx context.Context, publisher *otelamqp.Publisher, outgoing event.Outgoing) (*otelamqp.Confirmation, error) {
	envelope := outgoing.Envelope
	typ, err := event.Lookup(envelope.Metadata.EventType, envelope.Metadata.Version)
	if err != nil {
		return nil, err
	}
	// The span belongs to the request or message that caused the event, not to the relay.
	ctx = telemetry.Resume(context.WithoutCancel(ctx), outgoing.Context)
	ctx = telemetry.WithConversation(ctx, envelope.Metadata.ConversationID)
	departure := Departure{Type: typ, Injected: outgoing.Injected, RoutingKey: typ.RoutingKey(), cut: p.session.cut}
	if sending := p.session.config.Seams.Sending; sending != nil {
		sending(ctx, &departure)
	}
	if departure.OnWay != nil {
		defer departure.OnWay()
	}
	return publisher.PublishDeferred(ctx, otelamqp.Message{
		Exchange:   typ.Exchange,
		RoutingKey: departure.RoutingKey,
		Mandatory:  true,
		Publishing: publishing(envelope),
		Prepare: func(ctx context.Context, message *amqp091.Publishing) error {
			trace.SpanFromContext(ctx).SetAttributes(telemetry.KindKey.String(telemetry.Event))
			if outgoing.Resent {
				trace.SpanFromContext(ctx).SetAttributes(telemetry.ResentKey.Bool(true))
			}
			if typ.Deprecated() {
				trace.SpanFromContext(ctx).SetAttributes(deprecatedKey.Bool(true))
			}
			telemetry.W3C.Inject(ctx, &envelope.Metadata)
			if departure.OnContext != nil {
				departure.OnContext(ctx, &envelope, message.Headers)
			}
			format := p.session.config.choices(ctx).Format
			if format == event.CloudEventsFormat {
				trace.SpanFromContext(ctx).SetAttributes(cloudAttributes(envelope)...)
			}
			if err := writeBody(message, envelope, format); err != nil {
				return err
			}
			if departure.OnMessage != nil {
				if err := departure.OnMessage(ctx, message); err != nil {
					return err
				}
			}
			return p.limit.check(message)
		},
	})
}

// explain distinguishes a lost connection and an unroutable event from a refusal. A failed write has the network's error.
func explain(err error) error {
	var line *net.OpError
	if errors.Is(err, otelamqp.ErrUnroutable) {
		return fmt.Errorf("%w: %w", event.ErrUnroutable, err)
	}
	if errors.Is(err, otelamqp.ErrConfirmUnknown) || errors.Is(err, amqp091.ErrClosed) || errors.As(err, &line) {
		return fmt.Errorf("%w: %w", event.ErrBrokerAway, err)
	}
	return err
}

// instrumentation returns the options of otelamqp for the service.
func instrumentation(config Config) []otelamqp.Option {
	timeout := config.ConfirmTimeout
	if timeout == 0 {
		timeout = defaultConfirmTimeout
	}
	options := []otelamqp.Option{
		otelamqp.WithTracerProvider(config.Telemetry.TracerProvider),
		otelamqp.WithMeterProvider(config.Telemetry.MeterProvider),
		otelamqp.WithPropagators(config.Telemetry.Propagator),
		otelamqp.WithConfirmTimeout(timeout),
	}
	if mode := config.Seams.TraceMode; mode != nil {
		options = append(options, otelamqp.WithTraceMode(mode))
	}
	if uri, err := amqp091.ParseURI(config.URL); err == nil {
		options = append(options, otelamqp.WithServerAddress(uri.Host, uri.Port))
	}
	return options
}
