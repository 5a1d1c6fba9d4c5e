package system

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry"
)

// The kitchen rejects the order. It is cancelled and its points are reversed, by events and in one trace.
func TestRejectedOrderIsCompensated(t *testing.T) {
	s := systemtest.Up(t)
	const customer = "too-hungry"
	order, err := s.Client().Do(t.Context(), http.MethodPost, "/order", nil, map[string]any{
		"customerId": customer, "deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
		"items": []map[string]any{{"itemName": "Margherita", "quantity": 60}},
	})
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.Client().Await(t.Context(), order.OrderID)
	if err != nil || last.Status != "cancelled" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	systemtest.Eventually(t, 10*time.Second, "the points are reversed", func() bool { return points(t, s, customer) == "397 -397" })
	systemtest.CompareGolden(t, "rejected.tree", s.Tree(t, order.TraceID))
}

// An order that is cancelled while its ticket waits is never cooked.
func TestCancelledOrderIsNotCooked(t *testing.T) {
	s := systemtest.Up(t)
	const customer = "undecided"
	if _, err := s.Client().PlaceAll(t.Context(), 6, "before", ""); err != nil {
		t.Fatal(err) // these occupy the two cooks
	}
	order, err := s.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita(customer))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client().Do(t.Context(), http.MethodPost, "/order/"+order.OrderID+"/cancel", nil, nil); err != nil {
		t.Fatal(err)
	}
	last, err := s.Client().Await(t.Context(), order.OrderID)
	if err != nil || last.Status != "cancelled" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	// Tickets are handled in order: after a later order is delivered, this ticket has been handled.
	if later := s.Deliver(t); later.Status != "delivered" {
		t.Fatal(later.Status)
	}
	spans, err := s.Jaeger.Conversation(t.Context(), order.OrderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range spans {
		if strings.Contains(span.Name, "order-preparing") || strings.Contains(span.Name, "order-boxed") {
			t.Errorf("the cancelled order has %s", span.Name)
		}
	}
	if _, err := s.Client().Do(t.Context(), http.MethodPost, "/order/"+order.OrderID+"/cancel", nil, nil); err != nil {
		t.Errorf("cancelling twice: %v", err)
	}
}

// The order names a stored delivery address by its id. No event carries the street.
func TestOrderNamesAnAddressByItsID(t *testing.T) {
	s := systemtest.Up(t)
	id := addAddress(t, s)
	order, err := s.Client().Do(t.Context(), http.MethodPost, "/order", nil, map[string]any{
		"customerId": "regular", "deliveryAddressId": id,
		"items": []map[string]any{{"itemName": "Marinara", "quantity": "all of them"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if last, err := s.Client().Await(t.Context(), order.OrderID); err != nil || last.Status != "delivered" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	var delivery struct {
		Status          string
		DeliveryAddress struct{ AddressLine1 string }
	}
	s.Get(t, "delivery", "/delivery/"+order.OrderID, &delivery)
	if delivery.Status != "delivered" || delivery.DeliveryAddress.AddressLine1 != "1 Known Road" {
		t.Errorf("got %+v", delivery)
	}
}

func addAddress(t *testing.T, s *systemtest.System) string {
	t.Helper()
	var answer struct{ DeliveryAddressID string }
	systemtest.PostJSON(t, "http://"+s.Addresses["delivery"]+"/delivery/addresses", `{"addressLine1":"1 Known Road"}`, http.StatusCreated, &answer)
	if answer.DeliveryAddressID == "" {
		t.Fatal("no id in the answer")
	}
	return answer.DeliveryAddressID
}

// A query and its database spans belong to the order's conversation.
func TestQueriesBelongToTheConversation(t *testing.T) {
	s := systemtest.Up(t)
	order := s.Deliver(t)
	var answer struct{ Status string }
	s.Get(t, "order", "/order/"+order.OrderID, &answer)
	systemtest.Eventually(t, 20*time.Second, "Jaeger has the query", func() bool {
		spans, err := s.Jaeger.Conversation(context.Background(), order.OrderID)
		for _, span := range spans {
			if span.Name == "GET /order/{id}" && span.Attributes[string(telemetry.KindKey)] == telemetry.Query {
				return true
			}
		}
		return err != nil
	})
}

// points returns the customer's changes of points in chronological order.
func points(t *testing.T, s *systemtest.System, customer string) string {
	t.Helper()
	var answer struct{ History []struct{ Points int } }
	s.Get(t, "loyalty", "/loyalty/"+customer, &answer)
	var changes []string
	for _, entry := range answer.History {
		changes = append(changes, strconv.Itoa(entry.Points))
	}
	return strings.Join(changes, " ")
}
