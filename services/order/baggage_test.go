package order

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A baggage of the largest legal size is kept on the way, and a failure that has no room beside it is refused.
func TestTheCallersBaggageStaysWhole(t *testing.T) {
	t.Parallel()
	o := run(t)
	const body = `{"customerId":"c-1","items":[{"itemName":"Margherita","quantity":1}],"deliveryAddress":{"addressLine1":"167 My Street"}}`
	baggageOf := func(size int) string {
		half := strings.Repeat("x", (size-len("a=,b="))/2)
		return "a=" + half + ",b=" + half + strings.Repeat("y", size-len("a=,b=")-2*len(half))
	}
	for _, size := range []int{100, 8176, 8192} {
		sent := baggageOf(size)
		got := o.call(t, http.MethodPost, "/order", body, "Baggage", sent)
		if got.status != http.StatusAccepted {
			t.Fatalf("%d bytes: %d %s", size, got.status, got.body)
		}
		var placed struct{ OrderID string }
		if err := json.Unmarshal(got.body, &placed); err != nil {
			t.Fatal(err)
		}
		var carried string
		if err := o.db.QueryRowContext(t.Context(), `SELECT context FROM outbox WHERE conversation = $1`, placed.OrderID).Scan(&carried); err != nil {
			t.Fatal(err)
		}
		var context map[string]string
		if err := json.Unmarshal([]byte(carried), &context); err != nil {
			t.Fatal(err)
		}
		for member := range strings.SplitSeq(sent, ",") {
			if !strings.Contains(context["baggage"], member) {
				t.Errorf("%d bytes: the member %.20s is lost", size, member)
			}
		}
		if len(context["baggage"]) > 8192 {
			t.Errorf("%d bytes have become %d", size, len(context["baggage"]))
		}
		omitted := o.request(t, placed.OrderID)["traceria.baggage.omitted"]
		if want := size > 8000; (omitted == "traceria.customer") != want {
			t.Errorf("%d bytes: the span says that %v was omitted", size, omitted)
		}
	}
	refused := o.call(t, http.MethodPost, "/order", body, "Baggage", baggageOf(8176), "X-Traceria-Failure", "kitchen.slow=2s")
	if refused.status != http.StatusRequestHeaderFieldsTooLarge || !strings.Contains(string(refused.body), "at most 64 members and 8192 bytes") {
		t.Errorf("got %d %s", refused.status, refused.body)
	}
	members := make([]string, 64)
	for i := range members {
		members[i] = fmt.Sprintf("k%d=v", i)
	}
	if refused := o.call(t, http.MethodPost, "/order", body, "Baggage", strings.Join(members, ","), "X-Traceria-Failure", "kitchen.slow=2s"); refused.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 members: got %d %s", refused.status, refused.body)
	}
	// A baggage above the limits is dropped by the propagator. The span says so.
	got := o.call(t, http.MethodPost, "/order", body, "Baggage", baggageOf(8193))
	var placed struct{ OrderID string }
	if err := json.Unmarshal(got.body, &placed); err != nil || got.status != http.StatusAccepted {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if said, _ := o.request(t, placed.OrderID)["traceria.baggage.error"].(string); !strings.Contains(said, "too large") {
		t.Errorf("the span says %q", said)
	}
}

// request returns the attributes of the server span of an order.
func (b *bundle) request(t *testing.T, orderID string) map[string]any {
	t.Helper()
	for _, span := range b.memory.Conversation(orderID) {
		if span.Name == "POST /order" {
			return span.Attributes
		}
	}
	t.Fatalf("order %s has no server span", orderID)
	return nil
}
