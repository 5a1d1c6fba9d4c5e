package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// An event that no queue wants is neither lost nor in anybody's way: it stays in the outbox, the status says so, its send
// span says so, and when a queue wants it, it goes.
func TestAnUnroutableEventIsKeptReportedAndSentWhenItIsWanted(t *testing.T) {
	s := up(t)
	const queue, exchange, key = "order.loyalty-points-earned", "events", "loyalty.loyalty-points-earned.v1"
	ch := s.channel(t)
	bind := func() error { return ch.QueueBind(queue, key, exchange, false, nil) }
	t.Cleanup(func() { _ = bind() })
	if err := ch.QueueUnbind(queue, key, exchange, nil); err != nil {
		t.Fatal(err)
	}
	order, err := s.client().do(t.Context(), "POST", "/order", nil, oneMargherita("unroutable"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the status says so", func() bool {
		return strings.Contains(s.remark(t, "loyalty"), "1 that no queue wants")
	})
	eventually(t, time.Minute, "the order is delivered all the same", func() bool {
		now, err := s.client().do(t.Context(), "GET", "/order/"+order.OrderID, nil, nil)
		return err == nil && now.Status == "delivered"
	})
	eventually(t, time.Minute, "a send span in Jaeger says so", func() bool {
		spans, err := s.jaeger.Trace(t.Context(), order.TraceID)
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
	eventually(t, 2*time.Minute, "the event was sent, and handled", func() bool {
		var now struct{ Timeline []struct{ Event string } }
		s.get(t, "order", "/order/"+order.OrderID, &now)
		return slices.Contains(now.Timeline, struct{ Event string }{"LoyaltyPointsEarned"}) && s.remark(t, "loyalty") == ""
	})
}

// remark is what the status adds about a healthy part.
func (s *system) remark(t *testing.T, part string) string {
	t.Helper()
	out, err := s.traceria("status", part, "--json")
	var found []health
	if err != nil || json.Unmarshal([]byte(out), &found) != nil || len(found) != 1 {
		t.Fatalf("status of %s: %v\n%s", part, err, out)
	}
	return found[0].Detail
}

func TestTheStatusCountsDeadLetters(t *testing.T) {
	s := up(t)
	ch := s.channel(t)
	t.Cleanup(func() { _, _ = ch.QueuePurge("delivery.order-boxed.dead", false) })
	if err := ch.PublishWithContext(t.Context(), "delivery.dead", "delivery.order-boxed", true, false, amqp091.Publishing{Body: []byte("?")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the status counts it", func() bool {
		return strings.Contains(s.remark(t, "rabbitmq"), "dead letters: 1")
	})
}
