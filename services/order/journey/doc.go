// Package journey follows orders: their status, the queue that holds them, failed attempts, back-off and dead letters.
//
// The order service knows the status only. Jaeger's spans say which queue has a message: a send span without a process span
// is a message that waits. RabbitMQ counts messages and consumers and shows dead letters. Each service says what waits in its
// outbox and which events it takes. [Watch] asks all of them, [Journey] joins the answers. A source that is away makes the
// story shorter, and the story says so.
//
// [FindMissing] says what an order lacks: which span should have come next, and where its message is. What must be sent after
// the work on a queue is in one table, sequels. The spans and the order service decide whether something is missing. RabbitMQ
// and the services say where it is, and are asked only then. A finished order has no gap where spans were lost.
package journey
