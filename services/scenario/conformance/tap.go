package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/event"

	rules "traceria/telemetry/conformance"
)

// wanted are the events that the service publishes for an OrderBoxed.
func wanted() []event.Type {
	return []event.Type{event.DeliveryNotificationSentV1, event.OrderDeliveredV1}
}

// published is a message of the service.
type published struct {
	rules.Message
	// order is the order id in its data, or the correlation id if the message cannot be read.
	order string
	kind  event.Type
	// wrong says how the message breaks its contract.
	wrong error
}

// tap copies what the service publishes, by a queue of its own.
type tap struct {
	mu      sync.Mutex
	taken   []published
	arrived chan struct{} // has a value after a message
	done    chan struct{} // closed when no more messages come
}

// openTap starts to copy. The owner ends ctx, and then waits for done.
func openTap(ctx context.Context, conn *wire.Connection, exchange string) (*tap, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	queue, err := ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return nil, fmt.Errorf("declare a queue for what the service publishes: %w", err)
	}
	for _, t := range wanted() {
		if err := ch.QueueBind(queue.Name, t.RoutingKey(), exchange, false, nil); err != nil {
			return nil, fmt.Errorf("bind a queue to exchange %s with the routing key %s: %w", exchange, t.RoutingKey(), err)
		}
	}
	deliveries, err := ch.ConsumeWithContext(ctx, queue.Name, "", true, true, false, false, nil)
	if err != nil {
		return nil, fmt.Errorf("consume what the service publishes: %w", err)
	}
	t := &tap{arrived: make(chan struct{}, 1), done: make(chan struct{})}
	go t.collect(deliveries) // ends with ctx, or with the connection
	return t, nil
}

func (t *tap) collect(deliveries <-chan broker.Delivery) {
	defer close(t.done)
	for d := range deliveries {
		t.mu.Lock()
		t.taken = append(t.taken, read(d))
		t.mu.Unlock()
		select {
		case t.arrived <- struct{}{}:
		default:
		}
	}
}

// read never fails: a message that breaks its contract has the reason in wrong.
func read(d broker.Delivery) published {
	header := func(name string) string { return wire.Text(d.Headers[name]) }
	p := published{order: d.CorrelationId, Message: rules.Message{
		RoutingKey: d.RoutingKey, MessageID: d.MessageId, Conversation: d.CorrelationId,
		TraceParent: header("traceparent"), TraceState: header("tracestate"), Baggage: header("baggage"),
	}}
	kinds := wanted()
	p.kind = kinds[max(0, slices.IndexFunc(kinds, func(t event.Type) bool { return t.RoutingKey() == d.RoutingKey }))]
	e, err := event.DecodeMessage(d.ContentType, d.Headers, d.Body)
	if err != nil {
		p.wrong = err
		return p
	}
	var data struct{ OrderID string }
	if json.Unmarshal(e.Data, &data) == nil && data.OrderID != "" {
		p.order = data.OrderID
	}
	if got := e.Metadata.EventType + " " + e.Metadata.Version; got != p.kind.Name+" "+p.kind.Version {
		p.wrong = fmt.Errorf("the routing key %s has the event %s", d.RoutingKey, got)
		return p
	}
	_, p.wrong = event.Read(e)
	return p
}

// of returns what was published for an order.
func (t *tap) of(order string) []published {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []published
	for _, p := range t.taken {
		if p.order == order {
			found = append(found, p)
		}
	}
	return found
}

// wait returns when the service has published every event for each order, or after the time limit.
func (t *tap) wait(ctx context.Context, orders []string, most time.Duration) error {
	limit := time.NewTimer(most)
	defer limit.Stop()
	for {
		complete := true
		for _, order := range orders {
			for _, kind := range wanted() {
				complete = complete && slices.ContainsFunc(t.of(order), func(p published) bool { return p.kind == kind })
			}
		}
		if complete {
			return nil
		}
		select {
		case <-t.arrived:
		case <-limit.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-t.done:
			return errors.New("the connection to RabbitMQ was lost")
		}
	}
}

// contract returns a verdict for each event of an order.
func contract(order string, found []published) []rules.Verdict {
	var verdicts []rules.Verdict
	for _, kind := range wanted() {
		v := rules.Verdict{
			Rule: "publishes " + kind.Name, Result: rules.Wrong, Source: "traceria events show " + kind.Name,
			Detail: fmt.Sprintf("none arrived for order %s; want routing key %s", order, kind.RoutingKey()),
		}
		arrived := 0
		for _, p := range found {
			if p.kind != kind {
				continue
			}
			arrived++
			if p.wrong != nil {
				v.Result, v.Detail = rules.Wrong, p.wrong.Error()
				break
			}
			v.Result, v.Detail = rules.OK, kind.String()
		}
		if v.Result == rules.OK && arrived > 1 {
			v.Detail += fmt.Sprintf(", %d times: was it delivered more than once, or does another service answer on this exchange?", arrived)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}
