package otelamqp

import "strings"

// defaultExchange is the destination in the conventions if exchange and routing key are both empty.
const defaultExchange = "amq.default"

// destinationName returns messaging.destination.name (semconv, RabbitMQ): exchange and routing key for a producer,
// exchange, routing key and queue for a consumer. Empty parts are omitted. A routing key equal to the queue is written
// once.
func destinationName(k destinationKey) string {
	return joinDestination(k.op, k.exchange, k.routingKey, k.queue)
}

func joinDestination(op *operation, exchange, routingKey, queue string) string {
	parts := make([]string, 0, 3)
	if exchange != "" {
		parts = append(parts, exchange)
	}
	if routingKey != "" {
		parts = append(parts, routingKey)
	}
	if !op.producer() && queue != "" && queue != routingKey {
		parts = append(parts, queue)
	}
	if len(parts) == 0 {
		return defaultExchange
	}
	return strings.Join(parts, ":")
}

// lowCardinality returns the destination for the span name, without the names that the broker generated. A queue named
// by the server is anonymous. The address of direct reply-to is temporary as well
// (https://www.rabbitmq.com/docs/direct-reply-to). Generated names would give each client its own span names.
func lowCardinality(k destinationKey) (name string, anonymous, temporary bool) {
	routingKey, queue := k.routingKey, k.queue
	if k.exchange == "" && madeUp(routingKey) {
		anonymous, temporary = true, temporary || replyTo(routingKey)
		routingKey = ""
	}
	if madeUp(queue) {
		anonymous, temporary = true, temporary || replyTo(queue)
		queue = ""
	}
	if !anonymous {
		return destinationName(k), false, false
	}
	if k.exchange == "" && routingKey == "" && queue == "" {
		return "", true, temporary // semconv: without a low-cardinality name the span name has no destination
	}
	return joinDestination(k.op, k.exchange, routingKey, queue), true, temporary
}

// madeUp reports whether the broker generated the name of the queue.
func madeUp(queue string) bool { return strings.HasPrefix(queue, "amq.gen-") || replyTo(queue) }

func replyTo(queue string) bool { return strings.HasPrefix(queue, "amq.rabbitmq.reply-to") }
