package delivery

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/event/eventtest"
	"traceria/services/host"
	"traceria/services/host/hosttest"
)

func view(tb testing.TB, d *deliveries, orderID string) deliveryView {
	tb.Helper()
	req := httptest.NewRequest(http.MethodGet, "/delivery/x", nil)
	req.SetPathValue("orderId", orderID)
	answer := httptest.NewRecorder()
	err := d.get(answer, req)
	var problem *host.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound {
		return deliveryView{}
	}
	if err != nil {
		tb.Fatal(err)
	}
	var read deliveryView
	if err := json.Unmarshal(answer.Body.Bytes(), &read); err != nil {
		tb.Fatal(err)
	}
	return read
}

func add(d *deliveries, body string) (id string, err error) {
	answer := httptest.NewRecorder()
	if err := d.addAddress(answer, httptest.NewRequest(http.MethodPost, "/delivery/addresses", strings.NewReader(body))); err != nil {
		return "", err
	}
	var read struct{ DeliveryAddressID string }
	err = json.Unmarshal(answer.Body.Bytes(), &read)
	return read.DeliveryAddressID, err
}

func TestAnOrderGoesToTheAddressThatItsIDNames(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	id, err := add(d, `{"addressLine1":"1 Other Road","city":"Leeds"}`)
	if parsed, wrong := event.ParseAddressID(id); err != nil || wrong != nil || parsed != id {
		t.Fatalf("id %q: %v, %v", id, err, wrong)
	}
	for _, e := range []event.Envelope{
		eventtest.One(t, "o-1", event.OrderBoxed{OrderID: "o-1"}), confirmedOrder(t, "o-1", nil, id),
	} {
		if err := eventtest.Handle(d, e); err != nil {
			t.Fatal(err)
		}
	}
	want := deliveryView{
		OrderID: "o-1", CustomerID: "c-1", Status: "delivered",
		DeliveryAddress: &event.Address{AddressLine1: "1 Other Road", City: "Leeds"},
	}
	if diff := cmp.Diff(want, view(t, d, "o-1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALostAddressIsReportedUntilTheCancellation(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	for _, e := range []event.Envelope{
		confirmedOrder(t, "o-1", nil, "nowhere"), eventtest.One(t, "o-1", event.OrderBoxed{OrderID: "o-1"}),
	} {
		if err := eventtest.Handle(d, e); err != nil {
			t.Fatal(err)
		}
	}
	if sent := hosttest.PublishedIn(t, d.DB, "o-1"); len(sent) != 0 {
		t.Errorf("published %v", eventtest.Names(sent))
	}
	if got := view(t, d, "o-1"); got.Status != "waiting" || !slices.Equal(got.WaitingFor, []string{"address"}) {
		t.Errorf("the delivery is %+v", got)
	}
	if err := eventtest.Handle(d, eventtest.One(t, "o-1", event.OrderCancelled{OrderID: "o-1", CustomerID: "c-1", Reason: "no address"})); err != nil {
		t.Fatal(err)
	}
	if got := view(t, d, "o-1"); got.Status != "cancelled" || got.WaitingFor != nil {
		t.Errorf("the delivery is %+v", got)
	}
}

func TestAWrongAddressIsRefusedAndNotStored(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "0s")
	for body, field := range map[string]string{
		``: "body", `[]`: "body", `{}`: "addressLine1", `{"addressLine1":""}`: "addressLine1", `{"addressLine1":"  "}`: "addressLine1",
		`{"addressLine1":1}`: "addressLine1", `{"addressLine1":"a","city":"` + strings.Repeat("x", 201) + `"}`: "city",
		`{"addressLine1":"a\u0000b"}`: "addressLine1", `{"addressLine1":"a","addressLine2":"\u001b"}`: "addressLine2",
		"{\"addressLine1\":\"a\",\"postcode\":\"\xff\"}": "body", `{"addressLine1":"a","postcode":"\ufffd"}`: "postcode",
	} {
		_, err := add(d, body)
		var problem *host.Problem
		if !errors.As(err, &problem) || problem.Field != field || problem.Status >= 500 {
			t.Errorf("%.60s: got %v, want a problem that names %s", body, err, field)
		}
	}
	var n int
	if err := d.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM addresses`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d addresses, %v", n, err)
	}
}

func TestADeliveryThatNobodyHeardOfIsNotFound(t *testing.T) {
	t.Parallel()
	d := newDeliveries(t, "")
	for _, id := range []string{"nobody", "nobody\x00", "nobody\xff"} {
		req := httptest.NewRequest(http.MethodGet, "/delivery/x", nil)
		req.SetPathValue("orderId", id)
		var problem *host.Problem
		if err := d.get(httptest.NewRecorder(), req); !errors.As(err, &problem) || problem.Status != http.StatusNotFound {
			t.Errorf("%q: got %v", id, err)
		}
	}
}
