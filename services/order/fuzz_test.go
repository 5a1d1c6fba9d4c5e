package order

import (
	"encoding/json"
	"net/http"
	"testing"

	"traceria/services/event"
	"traceria/services/host"
)

// FuzzSubmit: for any body, POST /order stores an order and its event, or refuses it with a 4xx problem and stores nothing.
func FuzzSubmit(f *testing.F) {
	for _, seed := range []string{
		goodOrder, ``, `null`, `[]`, `{"items":[{"quantity":{}}]}`, quantity(`1e9`), quantity(`-0`), quantity(`"\u0031"`),
		order(`"c"`, oneItem, `,"deliveryAddressId":"a-1"`), order(`"\ud800"`, oneItem, street),
		order(`"a\u0000b"`, oneItem, street), "\xff" + goodOrder, quantity(`"+1"`), quantity(`"0001"`),
		order(`"c"`, oneItem, `,"deliveryAddressId":"`+event.NewAddressID()+`"`),
	} {
		f.Add([]byte(seed))
	}
	service := run(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		orders, events := service.stored(t)
		a := service.call(t, http.MethodPost, "/order", string(body))
		ordersAfter, eventsAfter := service.stored(t)
		switch {
		case a.status == http.StatusAccepted:
			if ordersAfter != orders+1 || eventsAfter != events+1 {
				t.Fatalf("accepted, with %d new orders and %d new events", ordersAfter-orders, eventsAfter-events)
			}
			id := read[summary](t, a).OrderID
			if got := read[view](t, service.call(t, http.MethodGet, "/order/"+id, "")); got.OrderID != id {
				t.Fatalf("the accepted order reads as %+v", got)
			}
		case a.status >= 400 && a.status < 500:
			if ordersAfter != orders || eventsAfter != events {
				t.Fatalf("refused, with %d new orders and %d new events", ordersAfter-orders, eventsAfter-events)
			}
			var p host.Problem
			if err := json.Unmarshal(a.body, &p); err != nil || p.Field == "" || p.Detail == "" {
				t.Fatalf("refused with %s, %v; want a problem that names the field", a.body, err)
			}
		default:
			t.Fatalf("answered %d %s", a.status, a.body)
		}
	})
}
