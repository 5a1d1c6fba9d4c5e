package order

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/services/store"
)

func TestAnOrderCanBeReadAsSoonAsItIsAccepted(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	got := read[view](t, service.call(t, http.MethodGet, "/order/"+placed.OrderID, ""))
	want := view{
		summary: placed, CustomerID: "c-1", OrderValue: event.Money{Value: event.Pence(1989), Currency: "GBP"},
		Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem, Pieces: 3}}, CreatedAt: got.CreatedAt,
		DeliveryAddress: &event.Address{AddressLine1: "167 My Street"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(view{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnUnknownOrderIsNotFound(t *testing.T) {
	t.Parallel()
	service := run(t)
	for _, id := range []string{"nobody", "nobody%00", "nobody%ff", "nobody" + strings.Repeat("y", host.MaxID)} {
		for method, path := range map[string]string{http.MethodGet: "/order/" + id, http.MethodPost: "/order/" + id + "/cancel"} {
			a := service.call(t, method, path, "")
			if p := read[host.Problem](t, a); a.status != http.StatusNotFound || !strings.Contains(p.Detail, "nobody") {
				t.Errorf("%s %s: got %d %+v", method, path, a.status, p)
			}
		}
	}
}

func TestTheListHasTheLatestFirstAndKnowsLimits(t *testing.T) {
	t.Parallel()
	service := run(t)
	first := service.place(t)
	other := read[summary](t, service.call(t, http.MethodPost, "/order", strings.Replace(goodOrder, "c-1", "c-2", 1)))
	last := service.place(t)
	for query, want := range map[string][]string{
		"":                                  {last.OrderID, other.OrderID, first.OrderID},
		"?limit=2":                          {last.OrderID, other.OrderID},
		"?customerId=c-1":                   {last.OrderID, first.OrderID},
		"?customerId=c-1&limit=1":           {last.OrderID},
		"?customerId=nobody":                {},
		"?orderNumber=" + other.OrderNumber: {other.OrderID},
		"?orderNumber=ORD4711":              {},
		"?customerId=c-1&orderNumber=" + last.OrderNumber:  {last.OrderID},
		"?customerId=c-1&orderNumber=" + other.OrderNumber: {},
	} {
		list := read[struct{ Orders []view }](t, service.call(t, http.MethodGet, "/order"+query, ""))
		got := []string{}
		for _, o := range list.Orders {
			got = append(got, o.OrderID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", query, diff)
		}
	}
	for _, customer := range []string{"%00", "%ff", "a%0ab"} {
		a := service.call(t, http.MethodGet, "/order?customerId="+customer, "")
		if p := read[host.Problem](t, a); a.status != http.StatusUnprocessableEntity || p.Field != "customerId" {
			t.Errorf("customerId=%s: got %d %+v", customer, a.status, p)
		}
	}
	for _, number := range []string{"ORD", "ORD0", "ORD-1", "ORD+1", "ORD01", "ord1", "1", "ORD1%00", "ORD99999999999999999999"} {
		a := service.call(t, http.MethodGet, "/order?orderNumber="+number, "")
		if p := read[host.Problem](t, a); a.status != http.StatusUnprocessableEntity || p.Field != "orderNumber" || !strings.Contains(p.Detail, "ORD17") {
			t.Errorf("orderNumber=%s: got %d %+v", number, a.status, p)
		}
	}
	for _, limit := range []string{"0", "-1", "1001", "many", "1.5"} {
		a := service.call(t, http.MethodGet, "/order?limit="+limit, "")
		if p := read[host.Problem](t, a); a.status != http.StatusUnprocessableEntity || p.Field != "limit" {
			t.Errorf("limit=%s: got %d %+v", limit, a.status, p)
		}
	}
}

// A program reads many orders page by page, the oldest first, with what happened to each.
func TestOrdersAreReadPageByPage(t *testing.T) {
	t.Parallel()
	service := run(t)
	first, second := service.place(t), service.place(t)
	other := read[summary](t, service.call(t, http.MethodPost, "/order", strings.Replace(goodOrder, "c-1", "c-2", 1)))
	last := service.place(t)
	err := service.db.Do(t.Context(), func(tx *store.Tx) error {
		for _, fact := range []event.Payload{event.OrderConfirmedSparse{OrderID: second.OrderID}, event.OrderCancelled{OrderID: second.OrderID}} {
			if err := record(t.Context(), tx, second.OrderID, ownEntry(fact)); err != nil {
				return err
			}
		}
		return record(t.Context(), tx, other.OrderID, ownEntry(event.OrderConfirmedSparse{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		"?from=" + second.OrderNumber:                             {second.OrderID, other.OrderID, last.OrderID},
		"?from=" + second.OrderNumber + "&timeline=true":          {second.OrderID + " OrderConfirmed OrderCancelled", other.OrderID + " OrderConfirmed", last.OrderID},
		"?from=" + first.OrderNumber + "&timeline=true&limit=2":   {first.OrderID, second.OrderID + " OrderConfirmed OrderCancelled"},
		"?from=" + second.OrderNumber + "&timeline=false&limit=1": {second.OrderID},
		"?from=" + other.OrderNumber + "&customerId=c-1":          {last.OrderID},
		"?timeline=true&limit=2&customerId=c-2":                   {other.OrderID + " OrderConfirmed"},
		"?timeline=true&orderNumber=" + second.OrderNumber:        {second.OrderID + " OrderConfirmed OrderCancelled"},
		"?from=ORD4711&timeline=true":                             {},
	} {
		list := read[struct{ Orders []view }](t, service.call(t, http.MethodGet, "/order"+query, ""))
		got := []string{}
		for _, o := range list.Orders {
			text := o.OrderID
			for _, e := range o.Timeline {
				text += " " + e.Event
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", query, diff)
		}
	}
	for query, field := range map[string]string{
		"?from=17": "from", "?from=ORD0": "from", "?timeline=yes": "timeline", "?from=ORD1&orderNumber=ORD1": "from",
	} {
		a := service.call(t, http.MethodGet, "/order"+query, "")
		if p := read[host.Problem](t, a); a.status != http.StatusUnprocessableEntity || p.Field != field || !strings.Contains(p.Detail, "want ") {
			t.Errorf("%s: got %d %+v", query, a.status, p)
		}
	}
}

func TestTheMenuHasPricesInMoney(t *testing.T) {
	t.Parallel()
	list := read[struct{ Items []dish }](t, run(t).call(t, http.MethodGet, "/menu", ""))
	for _, d := range list.Items {
		if d.ItemName == "" || d.Batch < 1 || d.Price.Currency != "GBP" || !d.Price.Value.IsPositive() {
			t.Errorf("the menu has %+v", d)
		}
	}
	if len(list.Items) != len(menu) {
		t.Errorf("%d dishes, want %d", len(list.Items), len(menu))
	}
}

func TestAnOrderIsCancelledOnceHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	for range 2 {
		a := service.call(t, http.MethodPost, "/order/"+placed.OrderID+"/cancel", "")
		want := placed
		want.Status = "cancelled"
		if diff := cmp.Diff(want, read[summary](t, a)); a.status != http.StatusAccepted || diff != "" {
			t.Errorf("got %d (-want +got)\n%s", a.status, diff)
		}
	}
	sent := hosttest.Published(t, service.db)
	if diff := cmp.Diff([]string{"OrderCreated v1", "OrderCancelled v1"}, names(sent)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := read[view](t, service.call(t, http.MethodGet, "/order/"+placed.OrderID, "")); got.Status != "cancelled" {
		t.Errorf("the order is %s", got.Status)
	}
}

func TestAnOrderOnTheRoadCannotBeCancelled(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	for _, reached := range []progress{outForDelivery, delivered} {
		if _, err := service.db.ExecContext(t.Context(), `UPDATE orders SET progress = $1`, reached); err != nil {
			t.Fatal(err)
		}
		a := service.call(t, http.MethodPost, "/order/"+placed.OrderID+"/cancel", "")
		if p := read[host.Problem](t, a); a.status != http.StatusConflict || !strings.Contains(p.Detail, reached.String()) {
			t.Errorf("%s: got %d %+v", reached, a.status, p)
		}
	}
	if orders, events := service.stored(t); orders != 1 || events != 1 {
		t.Errorf("%d orders and %d events, want the placed one's", orders, events)
	}
}
