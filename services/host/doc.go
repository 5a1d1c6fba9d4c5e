// Package host runs a service: configuration from the environment, HTTP server, database, broker connections, and an
// ordered start and stop. The packages of the services hold only what differs between them.
//
// A stop takes less than 10 s, in this order: refuse new requests and events, finish and ack the work in progress, send
// the outbox, close the connections, flush the telemetry with a fresh deadline. A part that hangs is logged and left
// behind. An unsent event stays in the outbox, an unacked message in its queue.
package host
