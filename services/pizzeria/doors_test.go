package pizzeria

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traceria/services/delivery"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/services/kitchen"
	"traceria/services/loyalty"
	"traceria/services/order"
	"traceria/telemetry"
)

var doorClient = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// exchange sends a request and decodes the JSON answer into answer.
func exchange(rt rapid.TB, method, address, body string, answer any) (status int) {
	request, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	if err != nil {
		rt.Fatal(err)
	}
	response, err := doorClient.Do(request)
	if err != nil {
		rt.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		rt.Fatal(err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		rt.Fatalf("%s %s answers %d %q: %v", method, address, response.StatusCode, text, err)
	}
	return response.StatusCode
}

// doors runs order, kitchen, loyalty and delivery, which call each other by HTTP, and returns their addresses.
func doors(t *testing.T) map[string]string {
	t.Helper()
	t.Setenv("KITCHEN_COOKING_TIME", "0s")
	t.Setenv("DELIVERY_DRIVING_TIME", "0s")
	folder := t.TempDir()
	config := host.Load(host.NewEnv(func(name string) (string, bool) {
		value, set := map[string]string{
			"AMQP_URL": "amqp://guest:guest@127.0.0.1:1/", "HTTP_ADDR": "127.0.0.1:0", "DATABASE_URL": "sqlite:" + filepath.Join(folder, "{service}.db"),
			"TRACERIA_FLAGS": filepath.Join(folder, "flags.json"),
		}[name]
		return value, set
	}))
	if _, err := (failure.File{Path: config.Flags.Path}).Set(failure.Integration, failure.Setting{Variant: "sync"}); err != nil {
		t.Fatal(err)
	}
	for _, service := range []host.Service{kitchen.Service(), loyalty.Service(), delivery.Service(), order.Service()} {
		config.URLs[service.Name], _ = hosttest.Run(t, service, host.Options{
			Config: config, Telemetry: telemetry.Config{Memory: &telemetry.Memory{}, LogOutput: io.Discard},
		})
	}
	return config.URLs
}

// A customer id that POST /order accepts is found at every service under its escaped path. Each other one gets a 4xx that says what
// is allowed.
func TestEveryDoorHasTheSameRuleForCustomerIDs(t *testing.T) {
	at := doors(t)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	pieces := []string{
		"a", "/", "//", "%", "%2F", ".", "..", " ", "+", ";", "?", "#", "&", "https://idp.example/users/7", "team/", "\\", "é", "🍕", "\u00a0",
		"\x00", "\n", "\x7f", "\u2028", "\ufffd", strings.Repeat("x", 199),
	}
	check := func(rt rapid.TB, customer string) {
		body, err := json.Marshal(map[string]any{
			"customerId": customer, "items": []any{map[string]any{"itemName": "Margherita", "quantity": 1}},
			"deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
		})
		if err != nil {
			rt.Fatal(err)
		}
		var placed struct{ OrderID, Field, Detail string }
		switch status := exchange(rt, http.MethodPost, at["order"]+"/order", string(body), &placed); status {
		case http.StatusCreated:
			wantFound(rt, at, customer, placed.OrderID)
		case http.StatusUnprocessableEntity:
			wantRefused(rt, at, customer, placed.Field, placed.Detail)
		default:
			rt.Fatalf("%q: got %d %+v", customer, status, placed)
		}
	}
	for _, piece := range pieces {
		check(t, piece)
	}
	several := rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4)
	rapid.Check(t, func(rt *rapid.T) { check(rt, strings.Join(several.Draw(rt, "customer"), "")) })
}

// wantFound checks that each service has the order and its customer.
func wantFound(rt rapid.TB, at map[string]string, customer, orderID string) {
	for _, address := range []string{
		at["order"] + "/order/" + orderID, at["delivery"] + "/delivery/" + orderID, at["loyalty"] + "/loyalty/" + url.PathEscape(customer),
	} {
		var found struct{ CustomerID string }
		if status := exchange(rt, http.MethodGet, address, "", &found); status != http.StatusOK || found.CustomerID != customer {
			rt.Errorf("%q: %s answers %d with customer %q", customer, address, status, found.CustomerID)
		}
	}
	var account struct{ History []struct{ OrderID string } }
	exchange(rt, http.MethodGet, at["loyalty"]+"/loyalty/"+url.PathEscape(customer), "", &account)
	if !slices.ContainsFunc(account.History, func(line struct{ OrderID string }) bool { return line.OrderID == orderID }) {
		rt.Errorf("%q: the points of order %s are not in %+v", customer, orderID, account)
	}
	var list struct {
		Orders []struct{ OrderID, CustomerID string }
	}
	exchange(rt, http.MethodGet, at["order"]+"/order?customerId="+url.QueryEscape(customer), "", &list)
	if len(list.Orders) == 0 || list.Orders[0].OrderID != orderID || list.Orders[0].CustomerID != customer {
		rt.Errorf("%q: the list has %+v", customer, list)
	}
}

// wantRefused checks that the refusal says what is allowed, and that the other services refuse the customer as well.
func wantRefused(rt rapid.TB, at map[string]string, customer, field, detail string) {
	if field != "customerId" || !strings.Contains(detail, "want 1 to 200 bytes") {
		rt.Errorf("%q: refused with %s: %s", customer, field, detail)
	}
	body, err := json.Marshal(map[string]any{
		"orderId": "o-1", "customerId": customer, "orderValue": map[string]any{"value": 1, "currency": "GBP"},
		"deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
	})
	if err != nil {
		rt.Fatal(err)
	}
	for _, address := range []string{at["loyalty"] + "/loyalty", at["delivery"] + "/delivery"} {
		var problem struct{ Field string }
		if status := exchange(rt, http.MethodPost, address, string(body), &problem); status != http.StatusUnprocessableEntity || problem.Field != "customerId" {
			rt.Errorf("%q: %s answers %d, %+v", customer, address, status, problem)
		}
	}
	var problem struct{ Detail string }
	status := exchange(rt, http.MethodGet, at["loyalty"]+"/loyalty/"+url.PathEscape(customer), "", &problem)
	if status < 400 || status >= 500 || problem.Detail == "" {
		rt.Errorf("%q: loyalty answers %d %+v", customer, status, problem)
	}
}
