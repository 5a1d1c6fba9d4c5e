package journey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

// believable is the age at which a message without an attempt counts as waiting: spans of the attempt may be on their way
// for as long.
const believable = 2 * time.Second

// Waiting is what an order waits for.
type Waiting struct {
	// Queue holds the order's message. It is "" when that is not known.
	Queue string
	// Since is when the message came into the queue, or the status when the queue is not known.
	Since time.Time
	// Text is a clause for people: "kitchen.ticket-opened holds TicketOpened v1, ...".
	Text string
}

// Waiting says what the order waits for at the time now, with what the broker and the services say about it.
func (j *Journey) Waiting(now time.Time, s Surroundings) Waiting {
	for _, step := range open(j.Order.Status) {
		if m, known := j.message(step.queue); known && m.UnderWay() && (m.State != tracetree.Queued || now.Sub(m.Since) >= believable) {
			return Waiting{Queue: m.Queue, Since: m.Since, Text: held(m, s)}
		}
	}
	queues := awaited(j.Order.Status)
	text := "the order service to answer"
	if len(queues) > 0 {
		text = "a report from " + services(queues) + " (" + strings.Join(queues, ", ") + ")"
	}
	if away := s.away(queues); away != "" {
		text += "; " + away
	}
	return Waiting{Since: j.Changed, Text: text}
}

// held says what a queue does with a message.
func held(m tracetree.Message, s Surroundings) string {
	name := eventName(m.RoutingKey)
	last, _ := m.Last()
	switch m.State {
	case tracetree.Unsent:
		return fmt.Sprintf("%s to publish %s (%s); it is in the outbox", m.Producer, name, m.Error)
	case tracetree.Retrying:
		return fmt.Sprintf("%s, which holds %s after attempt %d failed (%s)", m.Queue, name, last.Number, last.Error)
	case tracetree.Requeued:
		return fmt.Sprintf("%s, which holds %s after attempt %d ended without an ack (%s)", m.Queue, name, last.Number, last.Error)
	case tracetree.Paused:
		return fmt.Sprintf("%s, which holds %s from %s until it can work again (%s)", consumer(m.Queue), name, m.Queue, last.Error)
	default:
		return fmt.Sprintf("%s, which holds %s: %s", m.Queue, name, s.consuming(m.Queue))
	}
}

// Surroundings are what RabbitMQ and the services say beside the orders.
type Surroundings struct {
	// Counts are those of the queues that RabbitMQ let the user look at.
	Counts map[string]broker.QueueCount
	// Outboxes has the number of events that wait in each outbox.
	Outboxes map[string]int
	// Errors says why a service is not ready, by name.
	Errors map[string]error
}

// consuming says what the consumer of a queue does, as far as can be seen.
func (s Surroundings) consuming(queue string) string {
	service := consumer(queue)
	if s.Errors[service] != nil {
		return fmt.Sprintf("%s: %v", service, s.Errors[service])
	}
	switch count, known := s.Counts[queue]; {
	case !known:
		return service + " has not handled it"
	case count.Consumers == 0:
		return "no consumer takes messages from it"
	case count.Ready > 0:
		return host.Plural(count.Ready, "message is ready in it", "messages are ready in it")
	default:
		return "RabbitMQ has delivered it to " + service + ", which has not acked it"
	}
}

// away names services that are not ready, outboxes that are not empty and queues without consumer, of those on the way.
func (s Surroundings) away(queues []string) string {
	var notes []string
	for _, service := range concerned(queues) {
		if err := s.Errors[service]; err != nil {
			notes = append(notes, fmt.Sprintf("%s: %v", service, err))
		}
		if n := s.Outboxes[service]; n > 0 {
			notes = append(notes, host.Plural(n, "event waits", "events wait")+" in the outbox of "+service)
		}
	}
	for _, queue := range queues {
		if count, known := s.Counts[queue]; known && count.Consumers == 0 {
			notes = append(notes, queue+" has no consumer")
		}
	}
	return strings.Join(notes, "; ")
}

// concerned are the services on the way of an order.
func concerned(queues []string) []string {
	all := []string{"order"}
	for _, queue := range queues {
		all = append(all, consumer(queue))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// consumer is the service that owns the queue: {subscriber}.{event}.
func consumer(queue string) string {
	service, _, _ := strings.Cut(queue, ".")
	return cmp.Or(service, "the consumer")
}

func services(queues []string) string {
	var names []string
	for _, queue := range queues {
		if name := consumer(queue); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}
