package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"traceria/telemetry"
)

// An order that the kitchen cannot make is cancelled, and its points are taken back: by events, in one trace.
func TestRejectedOrderIsCompensated(t *testing.T) {
	s := up(t)
	const customer = "too-hungry"
	order, err := s.client().do(t.Context(), http.MethodPost, "/order", nil, map[string]any{
		"customerId": customer, "deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
		"items": []map[string]any{{"itemName": "Margherita", "quantity": 60}},
	})
	if err != nil {
		t.Fatal(err)
	}
	last, err := s.client().await(t.Context(), order.OrderID)
	if err != nil || last.Status != "cancelled" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	eventually(t, 10*time.Second, "the points are taken back", func() bool { return s.points(t, customer) == "397 -397" })
	compareGolden(t, "testdata/rejected.tree", s.tree(t, order.TraceID))
}

// An order that is cancelled while its ticket waits is never cooked.
func TestCancelledOrderIsNotCooked(t *testing.T) {
	s := up(t)
	const customer = "undecided"
	if _, err := placeAll(t.Context(), s.client(), buyOptions{count: 6, customer: "before"}); err != nil {
		t.Fatal(err) // these keep the two cooks busy
	}
	order, err := s.client().do(t.Context(), http.MethodPost, "/order", nil, oneMargherita(customer))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client().do(t.Context(), http.MethodPost, "/order/"+order.OrderID+"/cancel", nil, nil); err != nil {
		t.Fatal(err)
	}
	last, err := s.client().await(t.Context(), order.OrderID)
	if err != nil || last.Status != "cancelled" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	// Its ticket is behind those of the others: when one of a later order is done, its turn is over.
	if later := s.deliver(t); later.Status != "delivered" {
		t.Fatal(later.Status)
	}
	spans, err := s.jaeger.Conversation(t.Context(), order.OrderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range spans {
		if strings.Contains(span.Name, "order-preparing") || strings.Contains(span.Name, "order-boxed") {
			t.Errorf("the cancelled order has %s", span.Name)
		}
	}
	if _, err := s.client().do(t.Context(), http.MethodPost, "/order/"+order.OrderID+"/cancel", nil, nil); err != nil {
		t.Errorf("cancelling twice: %v", err)
	}
}

// A delivery address that was added before is named by its id; no event carries the street then.
func TestOrderNamesAnAddressByItsID(t *testing.T) {
	s := up(t)
	id := addAddress(t, s)
	order, err := s.client().do(t.Context(), http.MethodPost, "/order", nil, map[string]any{
		"customerId": "regular", "deliveryAddressId": id,
		"items": []map[string]any{{"itemName": "Marinara", "quantity": "all of them"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if last, err := s.client().await(t.Context(), order.OrderID); err != nil || last.Status != "delivered" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	var delivery struct {
		Status          string
		DeliveryAddress struct{ AddressLine1 string }
	}
	s.get(t, "delivery", "/delivery/"+order.OrderID, &delivery)
	if delivery.Status != "delivered" || delivery.DeliveryAddress.AddressLine1 != "1 Known Road" {
		t.Errorf("got %+v", delivery)
	}
}

func addAddress(t *testing.T, s *system) string {
	t.Helper()
	var answer struct{ DeliveryAddressID string }
	postJSON(t, "http://"+s.addresses["delivery"]+"/delivery/addresses", `{"addressLine1":"1 Known Road"}`, http.StatusCreated, &answer)
	if answer.DeliveryAddressID == "" {
		t.Fatal("no id in the answer")
	}
	return answer.DeliveryAddressID
}

// A query about an order belongs to its conversation, and so do the database spans under it.
func TestQueriesBelongToTheConversation(t *testing.T) {
	s := up(t)
	order := s.deliver(t)
	var answer struct{ Status string }
	s.get(t, "order", "/order/"+order.OrderID, &answer)
	eventually(t, 20*time.Second, "Jaeger has the query", func() bool {
		spans, err := s.jaeger.Conversation(context.Background(), order.OrderID)
		for _, span := range spans {
			if span.Name == "GET /order/{id}" && span.Attributes[string(telemetry.KindKey)] == telemetry.Query {
				return true
			}
		}
		return err != nil
	})
}

// points are the customer's changes of points, in the order of time.
func (s *system) points(t *testing.T, customer string) string {
	t.Helper()
	var answer struct{ History []struct{ Points int } }
	s.get(t, "loyalty", "/loyalty/"+customer, &answer)
	var changes []string
	for _, entry := range answer.History {
		changes = append(changes, strconv.Itoa(entry.Points))
	}
	return strings.Join(changes, " ")
}
