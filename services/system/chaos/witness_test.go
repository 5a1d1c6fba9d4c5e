package chaos

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
	"traceria/services/system/systemtest"
)

// witness is a queue that receives every public event of an order. It shows the published events and not the state of a
// service.
const witness = "chaos.witness"

// aboutOrders are the events that the witness receives.
var aboutOrders = []event.Type{
	event.OrderCreatedV1, event.OrderConfirmedV1, event.OrderConfirmedV2, event.OrderCancelledV1, event.OrderPreparingV1,
	event.OrderBoxedV1, event.OrderRejectedV1, event.DeliveryNotificationSentV1, event.OrderDeliveredV1,
	event.LoyaltyPointsEarnedV1, event.LoyaltyPointsReversedV1,
}

func declareWitness(t *testing.T, w *systemtest.World) {
	t.Helper()
	w.MoreQueues = append(w.MoreQueues, witness)
	w.WithChannel(t, func(ch *amqp091.Channel) {
		if _, err := ch.QueueDeclare(witness, true, false, false, false, amqp091.Table{"x-queue-type": "quorum"}); err != nil {
			t.Fatal(err)
		}
		for _, typ := range aboutOrders {
			if err := ch.QueueBind(witness, typ.RoutingKey(), typ.Exchange, false, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// said holds the event ids of one order by event name.
type said map[string]map[string]bool

// testimony is the content of the witness's queue.
type testimony struct {
	orders   map[string]said
	messages map[string]bool
	// again counts the repeated messages: the same event id and version.
	again int
}

// hear empties the witness's queue.
func (p *trial) hear(t *testing.T) testimony {
	t.Helper()
	heard := testimony{orders: map[string]said{}, messages: map[string]bool{}}
	p.WithChannel(t, func(ch *amqp091.Channel) {
		q, err := ch.QueueDeclarePassive(witness, true, false, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := ch.Qos(1000, 0, false); err != nil {
			t.Fatal(err)
		}
		deliveries, err := ch.ConsumeWithContext(t.Context(), witness, "", false, true, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		late := time.After(time.Minute)
		for i := 1; i <= q.Messages; i++ {
			select {
			case d := <-deliveries:
				heard.add(t, d.Body)
				if i%500 == 0 || i == q.Messages {
					if err := ch.Ack(d.DeliveryTag, true); err != nil {
						t.Fatal(err)
					}
				}
			case <-late:
				t.Fatalf("got %d of the witness's %d messages within a minute", i-1, q.Messages)
			}
		}
	})
	return heard
}

func (h *testimony) add(t *testing.T, body []byte) {
	t.Helper()
	e, err := event.Decode(body)
	var about struct{ OrderID string }
	if err == nil {
		err = json.Unmarshal(e.Data, &about)
	}
	if err != nil {
		t.Fatalf("the witness received %.200q: %v", body, err)
	}
	if h.messages[e.Metadata.MessageID()] {
		h.again++
	}
	h.messages[e.Metadata.MessageID()] = true
	if h.orders[about.OrderID] == nil {
		h.orders[about.OrderID] = said{}
	}
	ids := h.orders[about.OrderID]
	if ids[e.Metadata.EventType] == nil {
		ids[e.Metadata.EventType] = map[string]bool{}
	}
	ids[e.Metadata.EventType][e.Metadata.EventID] = true
}
