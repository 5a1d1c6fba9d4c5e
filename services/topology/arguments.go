package topology

import "time"

const (
	// deliveryLimit is how often RabbitMQ delivers a message before it dead-letters it. Each crash of a consumer counts for
	// all messages that it had prefetched: a small limit would condemn good messages.
	deliveryLimit = 100
	// deadDeliveryLimit is the limit of the dead queues. Each look at a dead letter counts as a delivery, and RabbitMQ 4
	// discards messages above its default limit of 20.
	deadDeliveryLimit = 1_000_000
)

// queueArguments are the arguments of a subscription's queue (https://www.rabbitmq.com/docs/quorum-queues). Dead-lettering
// at least once requires that a full queue rejects new messages.
func queueArguments(s Subscription) map[string]any {
	return map[string]any{
		"x-queue-type":              "quorum",
		"x-delivery-limit":          int32(deliveryLimit),
		"x-dead-letter-exchange":    s.DeadExchange(),
		"x-dead-letter-routing-key": s.Queue(),
		"x-dead-letter-strategy":    "at-least-once",
		"x-overflow":                OverflowRejectPublish,
	}
}

// retryQueueArguments hold a message for the delay and then return it to the subscription's queue, through the
// subscriber's own exchange: the right to write to the default exchange would be the right to write to any queue.
func retryQueueArguments(s Subscription, delay time.Duration) map[string]any {
	arguments := queueArguments(s)
	arguments["x-message-ttl"] = int32(delay.Milliseconds()) //nolint:gosec // at most maxDelay
	arguments["x-dead-letter-exchange"] = s.RetryExchange()
	return arguments
}

func deadQueueArguments() map[string]any {
	return map[string]any{"x-queue-type": "quorum", "x-delivery-limit": int32(deadDeliveryLimit)}
}

// limitedQueueArguments make a queue for one message. It is classic: a quorum queue rejects messages only some time after
// it is full.
func limitedQueueArguments(overflow string) map[string]any {
	return map[string]any{"x-queue-type": "classic", "x-max-length": int32(1), "x-overflow": overflow}
}
