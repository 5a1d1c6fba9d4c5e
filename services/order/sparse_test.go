package order

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
	"traceria/services/host/hosttest"
)

// The sparse form has the id of the address. The order service requests it after the answer to the customer.
func TestAnAddressGetsItsIDBeforeTheConfirmation(t *testing.T) {
	t.Parallel()
	id := event.NewAddressID()
	var asked, away atomic.Int32
	away.Store(1)
	delivery := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if away.Load() == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		asked.Add(1)
		address, err := host.ReadJSON[event.Address](w, r)
		if err != nil || address.AddressLine1 != "167 My Street" || r.URL.Path != "/delivery/addresses" {
			t.Errorf("%s %+v, %v", r.URL.Path, address, err)
		}
		_ = host.WriteJSON(w, http.StatusCreated, map[string]string{"deliveryAddressId": id})
	}))
	t.Cleanup(delivery.Close)
	h := hosttest.New(t, Service(), nil)
	h.Config.URLs = map[string]string{"delivery": delivery.URL}
	h.Config.Events = func(context.Context) event.Choices { return event.Choices{Style: event.Sparse} }
	o := &orders{Host: h}
	placed, err := o.place(t.Context(), newRow(request{
		CustomerID: "c-1", DeliveryAddress: &event.Address{AddressLine1: "167 My Street"},
	}, []event.Item{{ItemName: "Margherita", Quantity: "1"}}, 1989, ""))
	if err != nil {
		t.Fatal(err)
	}
	created := hosttest.PublishedIn(t, h.DB, placed.OrderID)[0]
	if _, err := eventtest.Give(t.Context(), o, created); !errors.Is(err, event.ErrUnavailable) {
		t.Errorf("while delivery is away: %v, want ErrUnavailable", err)
	}
	if sent := names(hosttest.PublishedIn(t, h.DB, placed.OrderID)); len(sent) != 1 {
		t.Errorf("confirmed without an address: %v", sent)
	}
	away.Store(0)
	for range 2 {
		if _, err := eventtest.Give(t.Context(), o, created); err != nil {
			t.Fatal(err)
		}
	}
	sent := hosttest.PublishedIn(t, h.DB, placed.OrderID)
	if len(sent) != 4 || asked.Load() != 1 {
		t.Fatalf("published %v, asked %d times", names(sent), asked.Load())
	}
	fact, err := event.Data[event.OrderConfirmedSparse](sent[3])
	if want := (event.OrderConfirmedSparse{OrderID: placed.OrderID, CustomerID: "c-1", DeliveryAddressID: id}); err != nil || fact != want {
		t.Errorf("v3 is %+v, %v", fact, err)
	}
	for _, e := range sent[2:] {
		if e.Metadata.EventID != sent[1].Metadata.EventID {
			t.Errorf("%s is another fact", e.Metadata.Version)
		}
	}
}
