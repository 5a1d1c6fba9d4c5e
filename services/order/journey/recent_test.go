package journey_test

import (
	"context"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
)

// Many orders cost as many questions to RabbitMQ and the services as one, and an answer that is too old is asked for anew.
func TestRecentAnswersServeSeveralOrders(t *testing.T) {
	t.Parallel()
	s := stop(t, "delivered", cook)
	s.counts["kitchen.ticket-opened"] = broker.QueueCount{Ready: 7, Consumers: 1}
	recent := journey.NewRecent(journey.Sources{
		Order: func(context.Context, string) (orderclient.Order, error) { return s.Order, nil },
		Service: func(_ context.Context, name string) (host.Readiness, error) {
			s.asked.Add(1)
			return s.ready[name], nil
		},
		Broker: s.rabbitMQ(), Topology: pizzeria.Default(),
	}, time.Hour)
	place := func() journey.Place {
		t.Helper()
		m := journey.FindMissing(t.Context(), recent.Sources(), s.Order.OrderID, s.Spans)
		if m == nil || len(m.Gaps) == 0 {
			t.Fatalf("nothing is missing: %+v", m)
		}
		return m.Gaps[0].Place
	}
	if got := place(); got != journey.Ready {
		t.Errorf("the order is %s", got)
	}
	one := s.asked.Load()
	s.counts = map[string]broker.QueueCount{"kitchen.ticket-opened": {Consumers: 1}}
	if got := place(); got != journey.Ready || one == 0 {
		t.Errorf("the order is %s after %d questions", got, one)
	}
	if again := s.asked.Load() - one; again > 1 { // the queues that RabbitMQ does not have
		t.Errorf("the second order costs %d questions, the first %d", again, one)
	}
	recent.Forget()
	if got := place(); got != journey.Gone {
		t.Errorf("the order is %s, although its queue is empty", got)
	}
}
