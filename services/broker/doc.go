// Package broker connects the services to RabbitMQ: it reconnects for ever, publishes with confirms, and acks after the work.
// It declares nothing: package topology says what the broker must have, and package keeper declares it.
//
//	session.go       a connection that is dialled again when it is lost
//	reconnect.go     what is seen of lost connections
//	look.go          which queues and exchanges the broker has
//	publisher.go     publishing
//	codec.go         an event as an AMQP message
//	consumer.go      consuming
//	read.go          an AMQP message as an event
//	handle.go        one delivery, from its handler to its settlement
//	outcome.go       the result of a handler
//	pauser.go        a subscription that waits for what is unavailable
//	history.go       what a message has been through
//	republish.go     the message of a retry, and of a dead letter
//	letter.go        a dead letter
//	dead.go          showing dead letters
//	redrive.go       returning dead letters to their queue
//	carry.go         emptying a queue of limited length
//	seams.go         where failures are injected
package broker
