package system

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

// An event without a matching queue stays in the outbox. The status and its send span report it, other orders continue,
// and it is sent once a queue is bound.
func TestUnroutableEventWaitsInTheOutbox(t *testing.T) {
	s := systemtest.Up(t)
	const queue, exchange, key = "order.loyalty-points-earned", "events", "loyalty.loyalty-points-earned.v1"
	ch := s.Channel(t)
	bind := func() error { return ch.QueueBind(queue, key, exchange, false, nil) }
	t.Cleanup(func() { _ = bind() })
	if err := ch.QueueUnbind(queue, key, exchange, nil); err != nil {
		t.Fatal(err)
	}
	order, err := s.Client().Do(t.Context(), "POST", "/order", nil, orderclient.OneMargherita("unroutable"))
	if err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, time.Minute, "the status reports it", func() bool {
		return strings.Contains(partRemark(t, s, "loyalty"), "1 that no queue wants")
	})
	systemtest.Eventually(t, time.Minute, "the order is delivered", func() bool {
		now, err := s.Client().Do(t.Context(), "GET", "/order/"+order.OrderID, nil, nil)
		return err == nil && now.Status == "delivered"
	})
	systemtest.Eventually(t, time.Minute, "Jaeger has the failed send", func() bool {
		spans, err := s.Jaeger.Trace(t.Context(), order.TraceID)
		if err != nil {
			return false
		}
		for _, span := range spans {
			if span.Name == "send "+exchange+":"+key && span.Status == "error" && span.Attributes["error.type"] == "unroutable" {
				return true
			}
		}
		return false
	})
	if err := bind(); err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, 2*time.Minute, "the event is sent and handled", func() bool {
		var now struct{ Timeline []struct{ Event string } }
		s.Get(t, "order", "/order/"+order.OrderID, &now)
		return slices.Contains(now.Timeline, struct{ Event string }{"LoyaltyPointsEarned"}) && partRemark(t, s, "loyalty") == ""
	})
}

// partRemark returns the detail in the status of a part.
func partRemark(t *testing.T, s *systemtest.System, part string) string {
	t.Helper()
	out, err := s.Traceria("status", part, "--json")
	var found []pizzeria.Health
	if err != nil || json.Unmarshal([]byte(out), &found) != nil || len(found) != 1 {
		t.Fatalf("status of %s: %v\n%s", part, err, out)
	}
	return found[0].Detail
}

func TestStatusCountsDeadLetters(t *testing.T) {
	s := systemtest.Up(t)
	ch := s.Channel(t)
	t.Cleanup(func() { _, _ = ch.QueuePurge("delivery.order-boxed.dead", false) })
	before := 0 // other tests may have left some
	_, _ = fmt.Sscanf(partRemark(t, s, "rabbitmq"), "dead letters: %d", &before)
	if err := ch.PublishWithContext(t.Context(), "delivery.dead", "delivery.order-boxed", true, false, amqp091.Publishing{Body: []byte("?")}); err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, time.Minute, "the status counts it", func() bool {
		return strings.Contains(partRemark(t, s, "rabbitmq"), fmt.Sprint("dead letters: ", before+1))
	})
}
