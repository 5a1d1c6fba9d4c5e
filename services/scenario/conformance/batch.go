package conformance

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/order/orderclient"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"

	rules "traceria/telemetry/conformance"
)

// batch is what a run gave to the service.
type batch struct {
	options Options
	orders  []string
	traces  []tracetree.TraceID
	// sent is empty for real orders: then the send spans of the kitchen say what was sent.
	sent []rules.Sent
}

// send publishes OrderBoxed, or places real orders.
func send(ctx context.Context, conn *wire.Connection, tel *telemetry.Telemetry, o Options) (*batch, error) {
	sender, err := newSender(conn, tel, o)
	if err != nil {
		return nil, err
	}
	b := &batch{options: o}
	for range o.Count {
		if o.OrderURL != "" {
			err = b.place(ctx, sender)
		} else {
			err = b.publish(ctx, sender)
		}
		if err != nil {
			return nil, err
		}
	}
	flush, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	if err := tel.Flush(flush); err != nil {
		return nil, fmt.Errorf("export the send spans (OTEL_EXPORTER_OTLP_ENDPOINT): %w", err)
	}
	return b, nil
}

func (b *batch) publish(ctx context.Context, s *sender) error {
	sent, err := s.send(ctx)
	if err != nil {
		return err
	}
	b.options.say("published OrderBoxed of order %s to exchange %s", sent.Conversation, sent.Exchange)
	b.orders, b.traces, b.sent = append(b.orders, sent.Conversation), append(b.traces, sent.TraceID), append(b.sent, sent)
	return nil
}

func (b *batch) place(ctx context.Context, s *sender) error {
	ctx, span, err := s.begin(ctx, "place an order")
	if err != nil {
		return err
	}
	defer span.End()
	placed, err := orderclient.New(b.options.OrderURL).PlaceAll(ctx, 1, name, "")
	if err != nil {
		return err
	}
	b.options.say("placed order %s %s", placed[0].OrderNumber, placed[0].OrderID)
	span.SetAttributes(telemetry.ConversationKey.String(placed[0].OrderID))
	b.orders = append(b.orders, placed[0].OrderID)
	b.traces = append(b.traces, trace.SpanContextFromContext(ctx).TraceID().String())
	return nil
}

// sentBy returns what was sent. A real order without a send span has no span id.
func (b *batch) sentBy(spans []tracetree.Span) (sent []rules.Sent) {
	if b.sent != nil {
		return b.sent
	}
	for _, order := range b.orders {
		one := rules.Sent{
			Conversation: order, Exchange: b.options.Exchange, RoutingKey: event.OrderBoxedV1.RoutingKey(), Queue: b.options.Queue,
			Consumer: b.options.Service, Baggage: members,
		}
		for _, s := range spans {
			if s.Kind == tracetree.KindProducer && s.Attributes[string(telemetry.ConversationKey)] == order &&
				s.Attributes["messaging.rabbitmq.destination.routing_key"] == one.RoutingKey {
				one.TraceID, one.SpanID, one.TraceState = s.TraceID, s.SpanID, s.TraceState
				one.MessageID, _ = s.Attributes["messaging.message.id"].(string)
			}
		}
		sent = append(sent, one)
	}
	return sent
}

// delivered returns a verdict on the status of real orders, and nothing for others.
func (b *batch) delivered(ctx context.Context) []rules.Verdict {
	if b.options.OrderURL == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, b.options.Timeout)
	defer cancel()
	v := rules.Verdict{
		Rule: "delivers the order", Result: rules.OK, Source: "GET /order/{id}",
		Detail: fmt.Sprintf("%d of %d orders have the status delivered", len(b.orders), len(b.orders)),
	}
	client := orderclient.New(b.options.OrderURL)
	for _, id := range b.orders {
		if last, _ := client.Await(ctx, id); last.Status != "delivered" { // the status says more than the error
			v.Result, v.Detail = rules.Wrong, fmt.Sprintf("order %s is %s, want delivered", id, last.Status)
		}
	}
	return []rules.Verdict{v}
}
