package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp"

	rules "traceria/telemetry/conformance"
)

const (
	// name is the service.name of the run's own spans.
	name = "traceria-conformance"
	// state is the tracestate of the send spans.
	state      = "traceria=conformance"
	persistent = 2 // delivery mode (AMQP 0-9-1, basic)
)

// members are the baggage of the messages. The second has characters that must be encoded.
var members = map[string]string{"traceria.conformance": "boxed", "conformance-note": "a b,c=ü"}

// sender publishes OrderBoxed.
type sender struct {
	options   Options
	publisher *otelamqp.Publisher
	tracer    trace.Tracer
}

func newSender(conn *wire.Connection, tel *telemetry.Telemetry, o Options) (*sender, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	publisher, err := otelamqp.NewPublisher(ch, otelamqp.WithTracerProvider(tel.TracerProvider),
		otelamqp.WithMeterProvider(tel.MeterProvider), otelamqp.WithPropagators(telemetry.W3C), otelamqp.WithConfirmTimeout(o.Timeout),
		otelamqp.WithFrameSize(conn.Config.FrameSize))
	if err != nil {
		return nil, fmt.Errorf("open a publishing channel: %w", err)
	}
	return &sender{o, publisher, tel.TracerProvider.Tracer("traceria/services")}, nil
}

// send publishes one OrderBoxed of an order that does not exist.
func (s *sender) send(ctx context.Context) (rules.Sent, error) {
	orderID := "conformance-" + uuid.NewString()
	made, err := event.New(ctx, name, orderID, event.OrderBoxed{OrderID: orderID})
	if err != nil {
		return rules.Sent{}, err
	}
	ctx, span, err := s.begin(telemetry.WithConversation(ctx, orderID), "box an order")
	if err != nil {
		return rules.Sent{}, err
	}
	defer span.End()
	return s.publish(ctx, made[0])
}

// begin starts the span at the top of a trace, and gives the spans below a tracestate and baggage.
func (s *sender) begin(ctx context.Context, title string) (context.Context, trace.Span, error) {
	ctx, span := s.tracer.Start(ctx, title, trace.WithNewRoot())
	if !span.SpanContext().IsSampled() {
		return nil, nil, errors.New("the spans of this run are not sampled: want OTEL_TRACES_SAMPLER without effect, and no OTEL_SDK_DISABLED")
	}
	parsed, err := trace.ParseTraceState(state)
	if err != nil {
		return nil, nil, err
	}
	ctx = trace.ContextWithSpanContext(ctx, span.SpanContext().WithTraceState(parsed))
	bag := baggage.FromContext(ctx)
	for key, value := range members {
		member, err := baggage.NewMemberRaw(key, value)
		if err == nil {
			bag, err = bag.SetMember(member)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return baggage.ContextWithBaggage(ctx, bag), span, nil
}

func (s *sender) publish(ctx context.Context, e event.Envelope) (rules.Sent, error) {
	sent := rules.Sent{
		TraceState: state, Baggage: members, Conversation: e.Metadata.ConversationID, Exchange: s.options.Exchange,
		RoutingKey: event.OrderBoxedV1.RoutingKey(), Queue: s.options.Queue, MessageID: e.Metadata.MessageID(), Consumer: s.options.Service,
	}
	err := s.publisher.Publish(ctx, otelamqp.Message{
		Exchange: sent.Exchange, RoutingKey: sent.RoutingKey, Mandatory: true,
		Publishing: broker.Publishing{
			DeliveryMode: persistent, MessageId: sent.MessageID, CorrelationId: sent.Conversation,
			Type: e.Metadata.EventType, AppId: e.Metadata.Source, Timestamp: e.Metadata.EventDate.Time,
		},
		Prepare: func(ctx context.Context, message *broker.Publishing) (err error) {
			span := trace.SpanContextFromContext(ctx)
			sent.TraceID, sent.SpanID = span.TraceID().String(), span.SpanID().String()
			telemetry.W3C.Inject(ctx, &e.Metadata)
			message.ContentType, message.Body, err = event.Encode(e, event.MetadataFormat)
			return err
		},
	})
	if errors.Is(err, otelamqp.ErrUnroutable) {
		return sent, fmt.Errorf("no queue is bound to exchange %s with the routing key %s: bind %s", sent.Exchange, sent.RoutingKey, sent.Queue)
	}
	if err != nil {
		return sent, fmt.Errorf("publish %s to exchange %s: %w", event.OrderBoxedV1, sent.Exchange, err)
	}
	return sent, nil
}
