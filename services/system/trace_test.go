package system

import (
	"strings"
	"testing"

	"traceria/services/system/systemtest"
)

func TestTraceFindsAnOrderByAnyOfItsNames(t *testing.T) {
	s := systemtest.Up(t)
	order := s.Deliver(t)
	s.Tree(t, order.TraceID) // at rest
	for _, name := range []string{
		order.OrderID, order.OrderNumber, strings.ToLower(order.OrderNumber), order.TraceID,
		"00-" + order.TraceID + "-00f067aa0ba902b7-01\n", order.Links.Jaeger, order.Links.Jaeger + "?uiFind=kitchen",
		"http://" + s.Addresses["order"] + "/order/" + order.OrderID,
	} {
		out, err := s.Traceria("trace", name)
		if err != nil || !strings.Contains(out, order.TraceID) || !strings.Contains(out, "kitchen.ticket-opened") {
			t.Errorf("%q: %v\n%s", name, err, out)
		}
	}
	for name, says := range map[string]string{"ORD999999": "has no order ORD999999", "0123456789abcdef0123456789abcdef": "not found in Jaeger"} {
		if _, err := s.Traceria("trace", "--wait", "0", name); systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := s.Traceria("trace", "margherita"); systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), "want an order id, an order number (ORD17)") {
		t.Errorf("got %v", err)
	}
}
