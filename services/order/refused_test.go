package order

import (
	"net/http"
	"testing"

	"traceria/services/host"
	"traceria/telemetry"
)

// The row was damaged behind the service's back: the event that it would make is refused inside the transaction.
func TestARefusedEventLeavesNothingAndIsOnTheRequestsSpan(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	if _, err := service.db.ExecContext(t.Context(), `UPDATE orders SET customer_id = ''`); err != nil {
		t.Fatal(err)
	}
	_, before := service.stored(t)
	a := service.call(t, http.MethodPost, "/order/"+placed.OrderID+"/cancel", "")
	problem := read[host.Problem](t, a)
	if a.status != http.StatusInternalServerError || problem.Field != "customerId" || problem.Title != "Event refused" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if _, after := service.stored(t); after != before {
		t.Errorf("%d events wait, want %d", after, before)
	}
	if got := read[view](t, service.call(t, http.MethodGet, "/order/"+placed.OrderID, "")).Status; got != "created" {
		t.Errorf("the order is %s", got)
	}
	for _, span := range service.memory.Conversation(placed.OrderID) {
		if span.Name == "POST /order/{id}/cancel" {
			refused, kind := span.Attributes["traceria.event.refused"], span.Attributes["error.type"]
			if kind != "event_refused" || refused != "OrderCancelled v1: customerId is missing (rule: meaning)" {
				t.Errorf("error.type is %v, the reason %v", kind, refused)
			}
			return
		}
	}
	t.Errorf("no span of the request in %d", len(service.memory.Conversation(placed.OrderID)))
}

// newOrder makes an order whose id no event may have, as a caller cannot: nothing of it is stored.
func TestAnOrderWhoseEventIsRefusedIsNotStored(t *testing.T) {
	t.Parallel()
	service := run(t)
	ctx := telemetry.WithConversation(t.Context(), "x")
	o := &orders{Host: &host.Host{DB: service.db}}
	wanted := newRow(request{CustomerID: "c-1"}, nil, 0, "")
	wanted.id = string(make([]byte, 300))
	if _, err := o.place(ctx, wanted); err == nil {
		t.Fatal("the order was placed")
	}
	if n, events := service.stored(t); n != 0 || events != 0 {
		t.Errorf("%d orders, %d events", n, events)
	}
}
