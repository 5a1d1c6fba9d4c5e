package journey_test

import (
	"fmt"
	"testing"

	"traceria/services/order/journey"
	"traceria/services/pizzeria"
)

func TestRoutesAreThoseThatServicesTake(t *testing.T) {
	t.Parallel()
	sparse := map[string][]string{"delivery": {"order.order-confirmed.v3", "kitchen.order-boxed.v1"}}
	for _, test := range []struct {
		exchange, key string
		takes         map[string][]string
		want          string
	}{
		{"events", "order.order-confirmed.v1", nil, "[{loyalty.order-confirmed false}]"},
		{"events", "order.order-confirmed.v2", nil, "[{kitchen.order-confirmed false} {delivery.order-confirmed false}]"},
		{"events", "order.order-confirmed.v3", nil, "[]"},
		{"events", "order.order-confirmed.v2", sparse, "[{kitchen.order-confirmed false}]"},
		{"events", "order.order-confirmed.v3", sparse, "[{delivery.order-confirmed false}]"},
		{"kitchen.private", "kitchen.ticket-opened.v1", nil, "[{kitchen.ticket-opened false}]"},
		{"events", "kitchen.ticket-opened.v1", nil, "[]"},
		{"kitchen.dead", "kitchen.ticket-opened", nil, "[{kitchen.ticket-opened true}]"},
		{"kitchen.retry", "kitchen.ticket-opened", nil, "[{kitchen.ticket-opened false}]"},
		{"delivery.dead", "kitchen.ticket-opened", nil, "[]"},
	} {
		routing := journey.Routing(pizzeria.Default(), test.takes)
		if got := fmt.Sprint(routing.Routes(test.exchange, test.key)); got != test.want {
			t.Errorf("%s:%s with %v: got %s, want %s", test.exchange, test.key, test.takes, got, test.want)
		}
	}
}

func TestTheFormsOfAnEventAreOneMessage(t *testing.T) {
	t.Parallel()
	same := journey.Routing(pizzeria.Default(), nil).Same
	if same("0b9e3a52.v1") != same("0b9e3a52.v2") || same("0b9e3a52.v1") == same("0b9e3a53.v1") || same("v1") != "v1" {
		t.Error("the ids are not told apart as they should")
	}
}
