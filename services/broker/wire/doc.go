// Package wire is the lowest layer of the connection to RabbitMQ: it checks addresses, dials with a time limit and TLS, and
// shortens the header frames that amqp091-go cannot read.
//
//	url.go          checks of the AMQP URL
//	dial.go         opening and closing a connection
//	tls.go          encryption
//	frames.go       the guard between the socket and amqp091-go
//	headertable.go  the binary form of a table of headers
//	headers.go      headers of ours and of others
//	pauses.go       the pauses between attempts to connect
package wire
