package chaos

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// inQueue is the minimum of messages in a queue when it is deleted.
const inQueue = 10

// Two queues of different services are deleted with their messages, and for one of them a retry queue, too. In between
// the process that restores queues is killed before it can request the lost messages.
func queueDeleted() fault {
	counted := &resentCount{messages: map[string]int{}, duplicates: map[string]int{}}
	return fault{
		name: "queue-deleted", begins: 0.2, longer: 4 * time.Second, checkTree: counted.look,
		prepare: func(t *testing.T, p *trial) { p.WatchTopology(t) },
		inject: func(t *testing.T, p *trial) {
			t.Cleanup(func() { t.Log(counted) })
			p.AwaitQueue(t, "traceria.topology.asked") // the watcher has marked the new broker
			const confirmed, boxed = "kitchen.order-confirmed", "delivery.order-boxed"
			p.deleteQueue(t, confirmed, "")
			p.AwaitQueue(t, confirmed)
			p.Watcher.Kill()
			p.orders.awaitAccepted(t, chaosOrders(t)/5)
			p.deleteQueue(t, boxed, boxed+".retry.5s")
			p.AwaitQueue(t, boxed)
			p.AwaitQueue(t, boxed+".retry.5s")
			<-p.orders.done
			p.AwaitQueue(t, "traceria.topology.asked") // all lost messages are requested
		},
	}
}

// deleteQueue deletes a queue in use. The test first takes some messages without an ack, so the queue is not empty. If
// retry is not "", it moves half of them there and deletes that queue, too.
func (p *trial) deleteQueue(t *testing.T, name, retry string) {
	t.Helper()
	p.WithChannel(t, func(ch *amqp091.Channel) {
		held := p.hold(t, ch, name)
		if retry != "" {
			service, _, _ := strings.Cut(name, ".")
			moveAll(t, ch, held[:len(held)/2], service+".retry", retry)
			waiting, err := ch.QueueDelete(retry, false, false, false)
			if err != nil || waiting < len(held)/2 {
				t.Fatalf("%s was deleted with %d messages, %v; want %d", retry, waiting, err, len(held)/2)
			}
			t.Logf("deleted %s with %d messages", retry, waiting)
		}
		ready, err := ch.QueueDelete(name, false, false, false)
		if err != nil {
			t.Fatalf("delete %s: %v", name, err)
		}
		t.Logf("deleted %s with %d messages that were delivered, and %d more", name, len(held), ready)
	})
}

// hold consumes inQueue messages without an ack.
func (p *trial) hold(t *testing.T, ch *amqp091.Channel, queue string) []amqp091.Delivery {
	t.Helper()
	if err := ch.Qos(inQueue, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	var held []amqp091.Delivery
	for len(held) < inQueue {
		select {
		case d := <-deliveries:
			held = append(held, d)
		case <-time.After(patience):
			t.Fatalf("got %d messages from %s within %s", len(held), queue, patience)
		}
	}
	return held
}

// moveAll publishes the messages to another exchange, waits for the confirms, and acks them.
func moveAll(t *testing.T, ch *amqp091.Channel, held []amqp091.Delivery, exchange, key string) {
	t.Helper()
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, d := range held {
		confirmation, err := ch.PublishWithDeferredConfirmWithContext(ctx, exchange, key, true, false, amqp091.Publishing{
			Headers: d.Headers, ContentType: d.ContentType, DeliveryMode: d.DeliveryMode, CorrelationId: d.CorrelationId,
			MessageId: d.MessageId, Timestamp: d.Timestamp, Type: d.Type, AppId: d.AppId, Body: d.Body,
		})
		if err != nil {
			t.Fatal(err)
		}
		if taken, err := confirmation.WaitContext(ctx); err != nil || !taken {
			t.Fatalf("%s did not take a message: %v", key, err)
		}
		if err := d.Ack(false); err != nil {
			t.Fatal(err)
		}
	}
}

// resentCount counts the resent messages and their duplicates in the traces.
type resentCount struct {
	mu                   sync.Mutex
	messages, duplicates map[string]int // by trace, because a trace may be read twice
}

func (c *resentCount) look(tree *tracetree.Tree) string {
	messages, duplicates, id := 0, 0, ""
	for _, span := range tree.Spans() {
		id = span.TraceID
		if span.Attributes[string(telemetry.ResentKey)] == true {
			messages++
		}
		if span.Attributes[string(telemetry.DuplicateKey)] == true {
			duplicates++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages[id], c.duplicates[id] = messages, duplicates
	return ""
}

// String returns a line for the report.
func (c *resentCount) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	messages, duplicates := 0, 0
	for id := range c.messages {
		messages += c.messages[id]
		duplicates += c.duplicates[id]
	}
	return "resent messages: " + strconv.Itoa(messages) + "; of these, duplicates for their subscription: " + strconv.Itoa(duplicates)
}
