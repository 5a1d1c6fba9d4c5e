package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"traceria/services/order/orderclient"
)

// stuckKitchen is an order service whose orders are boxed and never delivered.
func stuckKitchen(t *testing.T) string {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]string{"orderId": strings.TrimPrefix(r.URL.Path, "/order/"), "status": "boxed"}
		if r.Method == http.MethodPost {
			answer = map[string]string{"orderId": fmt.Sprint("o-", n.Add(1)), "status": "created"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// At a timeout the command looks once more, also at orders that it has not looked at before.
func TestATimeoutCountsOrdersByTheirLastStatus(t *testing.T) {
	t.Setenv("ORDER_URL", stuckKitchen(t))
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	const orders = orderclient.AtOnce + 30
	root.SetArgs([]string{"buy", "--wait", "--timeout", "300ms", "--count", fmt.Sprint(orders)})
	err := root.ExecuteContext(t.Context())
	if err == nil || !strings.HasSuffix(err.Error(), "is still boxed: --timeout 300ms is over") {
		t.Errorf("it ends with %v", err)
	}
	if want := fmt.Sprintf("%d boxed after", orders); !strings.Contains(out.String(), want) || strings.Contains(out.String(), "created after") {
		t.Errorf("want %q in\n%s", want, out.String())
	}
}
