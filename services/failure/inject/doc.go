// Package inject breaks Traceria on purpose. Each failure of the catalogue has a file named after its key; order_api.go
// has two. The comment there says what the failure does and what Jaeger then shows. The code asks [failure.On] each time.
//
// The failures act at these seams of the happy path. A seam does not know the failures behind it.
//
//   - broker.Seams ([Injector.Broker]): Handling wraps each attempt at a message. Declining returns a delivery unread.
//     Sending changes an event before its send. Closed stops the consumer of a queue. TraceMode relates a process span to
//     its send.
//   - store.Seams ([Injector.Store]): Publishing replaces the outbox row of an event. Tracing selects the database spans.
//   - store.Publisher ([Injector.Relay]): the relay wraps the publisher of the outbox.
//   - host.Routes ([Injector.Answer]): it runs before the handler of an HTTP route.
//
// Two parts of the happy path call a failure by name. The kitchen calls [Dough] (kitchen.reject). The process topology
// calls [Overflow] and [CarryOverflow] (queue.overflow).
//
// Experiments are ways of working and no failures, so the happy path evaluates them: package host has event.format,
// event.versions and event.style, package order has integration. Only trace.mode and trace.database act at seams.
package inject
