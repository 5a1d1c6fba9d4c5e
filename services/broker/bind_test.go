package broker_test

import (
	"context"
	"testing"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/topology"
)

func TestBindWantsOneHandlerPerSubscription(t *testing.T) {
	t.Parallel()
	boxed := []topology.Subscription{{Subscriber: "delivery", Event: event.OrderBoxedV1}}
	handle := func(context.Context, event.Envelope) error { return nil }
	bound := broker.Bind(boxed, map[event.Type]broker.Handler{event.OrderBoxedV1: handle})
	if len(bound) != 1 || bound[0].Queue() != "delivery.order-boxed" || bound[0].Handle == nil {
		t.Errorf("got %+v", bound)
	}
	for name, handlers := range map[string]map[event.Type]broker.Handler{
		"missing handler":    {},
		"other handler":      {event.OrderCancelledV1: handle},
		"additional handler": {event.OrderBoxedV1: handle, event.OrderCancelledV1: handle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("Bind did not panic")
				}
			}()
			broker.Bind(boxed, handlers)
		})
	}
}
