// Package journey follows orders: their status, the queue that holds them, failed attempts, back-off and dead letters.
//
// The order service knows the status only. Jaeger's spans say which queue has a message: a send span without a process span
// is a message that waits. RabbitMQ counts messages and consumers and shows dead letters. Each service says what waits in its
// outbox and which events it takes. [Watch] asks all of them, [Journey] joins the answers. A source that is away makes the
// story shorter, and the story says so.
package journey
