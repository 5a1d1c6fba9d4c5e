package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

const (
	// flood is the number of unreadable messages.
	flood = 10_000
	// flooded is the queue that receives them. Every order passes it.
	flooded = "kitchen.order-confirmed"
)

// unreadable are the bodies of the flood.
var unreadable = []string{
	"", "not JSON", "{", "null", "[]", `{"metadata":{}}`, "\xff\xfe\x00", `{"metadata":{"eventType":"OrderConfirmed","version":"v2","eventId":"x"}}`,
	`{"metadata":{"eventType":"OrderConfirmed","version":"v2","eventId":"x"},"data":{"orderId":7}}`,
	`{"metadata":{"eventType":"OrderConfirmed","version":"v9","eventId":"x"},"data":{"orderId":"o-1"}}`,
	`{"metadata":{"eventType":"PizzaEaten","version":"v1","eventId":"x"},"data":{"orderId":"o-1"}}`,
	strings.Repeat("A", 4096),
}

// 10,000 unreadable messages arrive in one queue. They end in its dead-letter queue, and orders pass meanwhile.
func unreadableFlood() fault {
	dead := flooded + ".dead"
	return fault{
		name: "unreadable-flood", begins: 0.2, longer: 4 * time.Second, dead: map[string]int{dead: flood},
		inject: func(t *testing.T, p *trial) {
			began := time.Now()
			p.pour(t, 0, flood/2)
			p.awaitConfirmedSince(t, began)
			p.pour(t, flood/2, flood)
			poured := time.Since(began)
			passed := 0
			p.Await(t, settleTime, "the flood is in the dead letters", func() bool {
				return p.Waiting(t)[dead] == flood
			})
			soFar := p.orders.soFar()
			p.ask(soFar)
			for _, a := range soFar {
				if a.asked.After(began) && a.story.Status == a.end() {
					passed++
				}
			}
			if passed == 0 {
				t.Error("no order that was placed during the flood reached its end in that time")
			}
			t.Logf("%d unreadable messages were published in %s and dead-lettered after %s; meanwhile %d orders reached their end",
				flood, poured.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), passed)
		},
	}
}

// awaitConfirmedSince waits until an order that was asked for after begin has sent its OrderConfirmed. That event is in the
// flooded queue, with half of the flood behind it.
func (p *trial) awaitConfirmedSince(t *testing.T, begin time.Time) {
	t.Helper()
	p.Await(t, settleTime, "an order that was placed during the flood has sent its OrderConfirmed", func() bool {
		soFar := p.orders.soFar()
		p.ask(soFar)
		return slices.ContainsFunc(soFar, func(a *accepted) bool {
			return a.asked.After(begin) && a.story.times("LoyaltyPointsEarned") > 0
		})
	})
}

// pour publishes the messages of the flood from the first to before the end, and waits for their confirms.
func (p *trial) pour(t *testing.T, first, end int) {
	t.Helper()
	p.WithChannel(t, func(ch *amqp091.Channel) {
		if err := ch.Confirm(false); err != nil {
			t.Fatal(err)
		}
		var confirmations []*amqp091.DeferredConfirmation
		for i := first; i < end; i++ {
			confirmation, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), "", flooded, true, false, amqp091.Publishing{
				DeliveryMode: amqp091.Persistent, MessageId: fmt.Sprintf("flood-%d", i), Body: []byte(unreadable[i%len(unreadable)]),
			})
			if err != nil {
				t.Fatal(err)
			}
			confirmations = append(confirmations, confirmation)
		}
		for i, confirmation := range confirmations {
			if stored, err := confirmation.WaitContext(t.Context()); err != nil || !stored {
				t.Fatalf("message %d of the flood is not stored: %v", i, err)
			}
		}
	})
}
