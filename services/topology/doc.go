// Package topology says what the broker must have and which user may do what, as data and as a RabbitMQ definitions file.
//
// It talks to no broker: package keeper declares the topology, and package broker uses it.
//
//	subscription.go  one subscriber's interest in one event, and the names of its queues and exchanges
//	versions.go      the versions of the event that the queue is bound to
//	backoff.go       the delays between the attempts at a message
//	layout.go        the exchanges, queues and bindings of all subscriptions
//	arguments.go     the arguments of each kind of queue
//	definitions.go   the same as a definitions file
//	users.go         the users and their permissions
//	credentials.go   the users' passwords
//	full.go          a queue that is always full
//	proof.go         how a producer learns that a queue of another service stands
//	lost.go          the events that are lost when a queue is deleted
package topology
