package order

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"traceria/services/host"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// The row was damaged from outside. The event made from it is refused in the transaction.
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
	refused := service.awaitSpan(t, placed.OrderID, "POST /order/{id}/cancel").Attributes
	if refused["error.type"] != "event_refused" || refused["traceria.event.refused"] != "OrderCancelled v1: customerId is missing (rule: meaning)" {
		t.Errorf("the span has %v", refused)
	}
}

// awaitSpan waits for the span of a request, which ends after the answer was sent.
func (b *bundle) awaitSpan(t *testing.T, conversation, name string) tracetree.Span {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		spans := b.memory.Conversation(conversation)
		if i := slices.IndexFunc(spans, func(s tracetree.Span) bool { return s.Name == name }); i >= 0 {
			return spans[i]
		}
		if time.Now().After(deadline) {
			t.Fatalf("no span %s in %d", name, len(spans))
		}
	}
}

// An order with an id that no event may have is not stored. A caller cannot make one.
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
