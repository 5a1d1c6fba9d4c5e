package failures

import (
	"net/http"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// place places an order. chosen, if any, is its X-Traceria-Failure.
func (st *stage) place(t *testing.T, chosen string) orderclient.Order {
	t.Helper()
	return st.placeFor(t, "customer-1", chosen)
}

// placeFor places an order of a customer.
func (st *stage) placeFor(t *testing.T, customer, chosen string) orderclient.Order {
	t.Helper()
	header := http.Header{}
	if chosen != "" {
		header.Set(failure.Header, chosen)
	}
	answer, err := st.Client().Do(t.Context(), http.MethodPost, "/order", header, orderclient.OneMargherita(customer))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// awaitStatus waits up to a minute until the order has the status.
func (st *stage) awaitStatus(t *testing.T, order orderclient.Order, status string) {
	t.Helper()
	var last orderclient.Order
	st.Await(t, 60*time.Second, "order "+order.OrderID+" is "+status, func() bool {
		now, err := st.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
		if err == nil {
			last = now
		}
		return last.Status == status
	})
}

// keepsStatus asserts that the order reaches the status and still has it after actTime.
func (st *stage) keepsStatus(t *testing.T, order orderclient.Order, status string) {
	t.Helper()
	st.awaitStatus(t, order, status)
	time.Sleep(actTime)
	st.awaitStatus(t, order, status)
}

// placeCleanOrder places an order without a failure and asserts that its trace is complete and unmarked.
func (st *stage) placeCleanOrder(t *testing.T) orderclient.Order {
	t.Helper()
	order := st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantSpans(lastEvent, lastOf(tree), 1), wantClean(tree))
	})
	return order
}

// wantCleanOrder asserts that an order without a failure is delivered and that its trace is complete and unmarked.
func (st *stage) wantCleanOrder(t *testing.T, order orderclient.Order) {
	t.Helper()
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantSpans("of the last event", lastOf(tree), 1), wantSpans("of loyalty", spansOf(tree, "loyalty", "process "), 1),
			wantSpans("of OrderConfirmed", spansOf(tree, "order", confirmationSent), 2), wantClean(tree))
	})
}

// points returns the customer's points for the order and the number of their entries.
func (st *stage) points(t *testing.T, customer, orderID string) (points, times int) {
	t.Helper()
	var answer struct {
		History []struct {
			OrderID string `json:"orderId"`
			Points  int    `json:"points"`
		} `json:"history"`
	}
	st.Get(t, "loyalty", "/loyalty/"+customer, &answer)
	for _, line := range answer.History {
		if line.OrderID == orderID {
			points += line.Points
			times++
		}
	}
	return points, times
}
