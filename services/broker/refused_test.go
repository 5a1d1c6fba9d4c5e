package broker_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// A full queue refuses an event. The event is taken when the queue has room again.
func TestAFullQueueRefusesAnEvent(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	p := b.Publisher(t, b.Apply(t, brokertest.Boxed(nil)))
	rabbitmqtest.Shared(t).Manage(t, http.MethodPut, "/api/policies/"+brokertest.VirtualHost(t, b.URL)+"/small",
		`{"pattern":"^delivery.order-boxed$","apply-to":"queues","definition":{"max-length":1,"overflow":"reject-publish"}}`)
	var refused error
	brokertest.Eventually(t, "the queue is full", func() bool {
		refused = p.Publish(t.Context(), []event.Outgoing{brokertest.Outgoing(t, "o-1")})[0]
		return refused != nil
	})
	if !errors.Is(refused, otelamqp.ErrNack) || errors.Is(refused, event.ErrBrokerAway) || errors.Is(refused, event.ErrUnroutable) {
		t.Errorf("got %v, want a nack", refused)
	}
	found := false
	for _, span := range b.Memory.Spans() {
		found = found || span.Status == "error" && span.Attributes["error.type"] == "nack"
	}
	if !found {
		t.Error("no send span has error.type nack")
	}
	if _, err := b.Channel(t).QueuePurge(brokertest.Boxed(nil).Queue(), false); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "it goes when there is room", func() bool {
		return p.Publish(t.Context(), []event.Outgoing{brokertest.Outgoing(t, "o-1")})[0] == nil
	})
}

// A broker hangs: publishing fails after the confirm timeout. The event may be stored, and the relay sends it again.
func TestABrokerThatHangsCostsTheConfirmTimeout(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	b := brokertest.At(t, server.URL)
	config := b.Config()
	config.ConfirmTimeout = time.Second
	p := broker.NewPublisher(config, b.Apply(t, brokertest.Boxed(nil)), topology.Topology{})
	brokertest.Until(t, p.Run)
	brokertest.Send(t, p, brokertest.Outgoing(t, "o-0"))
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Resume() }) // if the test fails before
	start := time.Now()
	for i, err := range p.Publish(t.Context(), []event.Outgoing{brokertest.Outgoing(t, "o-1"), brokertest.Outgoing(t, "o-2")}) {
		if !errors.Is(err, otelamqp.ErrConfirmTimeout) || errors.Is(err, event.ErrUnroutable) {
			t.Errorf("event %d: %v, want a timeout", i, err)
		}
	}
	if took := time.Since(start); took < config.ConfirmTimeout || took > 5*time.Second {
		t.Errorf("gave up after %s", took)
	}
	timeouts := 0
	for _, span := range b.Memory.Spans() {
		if span.Attributes["error.type"] == "confirm_timeout" && span.Status == "error" {
			timeouts++
		}
	}
	if timeouts != 2 {
		t.Errorf("%d send spans have error.type confirm_timeout, want 2", timeouts)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "events go again", func() bool { return p.Publish(t.Context(), []event.Outgoing{brokertest.Outgoing(t, "o-3")})[0] == nil })
}
