package order

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"traceria/services/event"
	"traceria/services/host"
)

// order returns a body of POST /order that is valid except for the arguments.
func order(customer, items, address string) string {
	return strings.Replace(fmt.Sprintf(`{"customerId":%s,"items":%s%s}`, customer, items, address), `"customerId":,`, ``, 1)
}

const (
	street  = `,"deliveryAddress":{"addressLine1":"167 My Street"}`
	oneItem = `[{"itemName":"Margherita","quantity":1}]`
)

func quantity(n string) string {
	return order(`"c"`, `[{"itemName":"Marinara","quantity":1},{"itemName":"Margherita","quantity":`+n+`}]`, street)
}

func TestAWrongOrderIsRefusedByTheNameOfItsFieldAndLeavesNothing(t *testing.T) {
	t.Parallel()
	service := run(t)
	long := strings.Repeat("x", host.MaxID+1)
	for _, c := range []struct {
		body, field string
		status      int
	}{
		{``, "body", 400},
		{`pizza`, "body", 400},
		{`[` + goodOrder + `]`, "body", 400},
		{`"order"`, "body", 400},
		{goodOrder + goodOrder, "body", 400},
		{strings.TrimSuffix(goodOrder, "}"), "body", 400},
		{strings.Repeat(`[`, 1<<15), "body", 400},
		{`{"customerId":"` + strings.Repeat("x", 10<<20) + `"}`, "body", 413},
		{`null`, "customerId", 422},
		{`{}`, "customerId", 422},
		{order(``, oneItem, street), "customerId", 422},
		{order(`""`, oneItem, street), "customerId", 422},
		{order(`"  "`, oneItem, street), "customerId", 422},
		{order(`null`, oneItem, street), "customerId", 422},
		{order(`17`, oneItem, street), "customerId", 400},
		{order(`"`+long+`"`, oneItem, street), "customerId", 422},
		{order(`"c"`, `[]`, street), "items", 422},
		{order(`"c"`, `null`, street), "items", 422},
		{order(`"c"`, `"Margherita"`, street), "items", 400},
		{order(`"c"`, `{"itemName":"Margherita"}`, street), "items", 400},
		{order(`"c"`, `[`+strings.Repeat(`{"itemName":"Margherita","quantity":1},`, maxItems)+`{}]`, street), "items", 422},
		{order(`"c"`, `[{}]`, street), "items[0].itemName", 422},
		{order(`"c"`, `[null]`, street), "items[0].itemName", 422},
		{order(`"c"`, `[{"itemName":"Hawaii","quantity":1}]`, street), "items[0].itemName", 422},
		{order(`"c"`, `[{"itemName":"margherita","quantity":1}]`, street), "items[0].itemName", 422},
		{order(`"c"`, `[{"itemName":7,"quantity":1}]`, street), "items.itemName", 400},
		{order(`"c"`, `[{"itemName":"Margherita"}]`, street), "items[0].quantity", 422},
		{quantity(`0`), "items[1].quantity", 422},
		{quantity(`-1`), "items[1].quantity", 422},
		{quantity(`1.5`), "items[1].quantity", 422},
		{quantity(`1001`), "items[1].quantity", 422},
		{quantity(`99999999999999999999999`), "items[1].quantity", 422},
		{quantity(`1e-3`), "items[1].quantity", 422},
		{quantity(`"some"`), "items[1].quantity", 422},
		{quantity(`null`), "items[1].quantity", 422},
		{quantity(`true`), "items[1].quantity", 422},
		{quantity(`[1]`), "items[1].quantity", 422},
		{order(`"c"`, oneItem, ``), "deliveryAddress", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":null`), "deliveryAddress", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":"here"`), "deliveryAddress", 400},
		{order(`"c"`, oneItem, `,"deliveryAddress":{}`), "deliveryAddress.addressLine1", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":" "}`), "deliveryAddress.addressLine1", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":"`+long+`"}`), "deliveryAddress.addressLine1", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":"a","city":"`+long+`"}`), "deliveryAddress.city", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":17}`), "deliveryAddress.addressLine1", 400},
		{order(`"c"`, oneItem, `,"deliveryAddressId":"`+long+`"`), "deliveryAddressId", 422},
		{order(`"c"`, oneItem, street+`,"deliveryAddressId":"a-1"`), "deliveryAddressId", 422},
		// An order with an id that was never issued could never be delivered.
		{order(`"c"`, oneItem, `,"deliveryAddressId":"a-1"`), "deliveryAddressId", 422},
		{order(`"c"`, oneItem, `,"deliveryAddressId":"`+uuid.NewString()+`"`), "deliveryAddressId", 422},
		{order(`"c"`, oneItem, `,"deliveryAddressId":"urn:uuid:`+event.NewAddressID()+`"`), "deliveryAddressId", 422},
		{order(`"a\u0000b"`, oneItem, street), "customerId", 422},
		{order(`"a\u001b[2Jb"`, oneItem, street), "customerId", 422},
		{order("\"a\xffb\"", oneItem, street), "body", 400},
		{order(`"a\ufffdb"`, oneItem, street), "customerId", 422},
		{order(`"\ud800"`, oneItem, street), "customerId", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":"a\u0000"}`), "deliveryAddress.addressLine1", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":"a","addressLine2":"b\nc"}`), "deliveryAddress.addressLine2", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":"a","city":"\ufffd"}`), "deliveryAddress.city", 422},
		{order(`"c"`, oneItem, `,"deliveryAddress":{"addressLine1":"a","postcode":"\u007f"}`), "deliveryAddress.postcode", 422},
	} {
		a := service.call(t, http.MethodPost, "/order", c.body)
		shown := fmt.Sprintf("%.120s", c.body)
		if a.status != c.status || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s\n got %d %s %s, want %d and a problem", shown, a.status, a.header.Get("Content-Type"), a.body, c.status)
			continue
		}
		if p := read[host.Problem](t, a); p.Field != c.field || p.Detail == "" || p.Status != c.status {
			t.Errorf("%s\n got %+v, want field %s", shown, p, c.field)
		}
	}
	if orders, events := service.stored(t); orders != 0 || events != 0 {
		t.Errorf("refused orders left %d rows and %d events", orders, events)
	}
}

func TestHeadersThatCannotBeHonouredAreRefused(t *testing.T) {
	t.Parallel()
	service := run(t)
	for _, header := range [][2]string{
		{"Idempotency-Key", strings.Repeat("k", host.MaxID+1)},
		{"Idempotency-Key", "k\xff"},
		{"Idempotency-Key", "k\tk"},
		{"X-Traceria-Failure", "kitchen.unheard-of"},
	} {
		a := service.call(t, http.MethodPost, "/order", goodOrder, header[0], header[1])
		if p := read[host.Problem](t, a); a.status != http.StatusUnprocessableEntity || p.Field != header[0] {
			t.Errorf("%q: got %d %+v", header, a.status, p)
		}
	}
	if orders, events := service.stored(t); orders != 0 || events != 0 {
		t.Errorf("refused orders left %d rows and %d events", orders, events)
	}
}

// It is unknown which of the two values is meant.
func TestTwoOfAHeaderAreRefused(t *testing.T) {
	t.Parallel()
	service := run(t)
	for name, values := range map[string][]string{
		"Idempotency-Key":    {"k-1", "k-2"},
		"X-Traceria-Failure": {"", ""}, // each alone is valid
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, service.base+"/order", strings.NewReader(goodOrder))
		if err != nil {
			t.Fatal(err)
		}
		req.Header[name] = values
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var p host.Problem
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != http.StatusBadRequest || p.Field != name {
			t.Errorf("got %d %+v, %v", resp.StatusCode, p, err)
		}
	}
	if orders, events := service.stored(t); orders != 0 || events != 0 {
		t.Errorf("refused orders left %d rows and %d events", orders, events)
	}
}
