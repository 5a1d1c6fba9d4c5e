package otelamqp

import "strings"

// defaultExchange is what the conventions call the default exchange when there is no routing key either.
const defaultExchange = "amq.default"

// destinationName returns messaging.destination.name as the conventions for RabbitMQ compose it: exchange and routing
// key for a producer, exchange, routing key and queue for a consumer, empty parts left out and a routing key that equals
// the queue written once.
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

// lowCardinality returns the destination for the span's name, without the parts that the broker made up: a queue named
// by the server is anonymous, and the reply address of direct reply-to is temporary as well. Their names would give every
// client spans of its own name.
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
		return "", true, temporary // the conventions: no name of low cardinality, no destination in the span's name
	}
	return joinDestination(k.op, k.exchange, routingKey, queue), true, temporary
}

// madeUp reports whether the broker named the queue.
func madeUp(queue string) bool { return strings.HasPrefix(queue, "amq.gen-") || replyTo(queue) }

func replyTo(queue string) bool { return strings.HasPrefix(queue, "amq.rabbitmq.reply-to") }
