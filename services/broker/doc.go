// Package broker is RabbitMQ as the services see it: a connection that comes back, a topology that is known
// before the first event, publishing that waits for the broker's word, and consuming that acks after the work.
//
//	session.go       one connection, kept up for ever
//	subscription.go  who wants which event, and in which queue
//	topology.go      exchanges, queues and bindings, made from the subscriptions
//	definitions.go   the same as a RabbitMQ definitions file
//	publisher.go     events out
//	consumer.go      events in
package broker
