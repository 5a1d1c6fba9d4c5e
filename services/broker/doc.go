// Package broker connects the services to RabbitMQ: it reconnects for ever, publishes with confirms, and acks after the work.
// It declares nothing: package topology says what the broker must have, and package keeper declares it.
//
//	session.go       a connection that is dialled again when it is lost
//	reconnect.go     what is seen of lost connections
//	look.go          which queues and exchanges the broker has
//	publisher.go     a publishing channel that is opened again when it is lost
//	publish.go       publishing events
//	size.go          the largest message
//	proof.go         how a publisher learns that its events have queues
//	codec.go         an event as an AMQP message
//	consumer.go      consuming
//	read.go          an AMQP message as an event
//	worker.go        the deliveries of one channel
//	crew.go          the handlers at work
//	hung.go          handlers that do not return
//	handle.go        one delivery, from its handler to its settlement
//	outcome.go       the result of a handler
//	pauser.go        a subscription that waits for what is unavailable
//	history.go       what a message has been through
//	republish.go     the message of a retry, and of a dead letter
//	letter.go        a dead letter
//	dead.go          showing dead letters
//	count.go         counting messages
//	redrive.go       returning dead letters to their queue
//	carry.go         emptying a queue of limited length
//	seams.go         where failures are injected
package broker
