package dashboards_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/scenario"
	"traceria/services/system/systemtest"
)

// run is a real system with a Prometheus, to which everything happens that a dashboard or an alert tells of.
type run struct {
	*systemtest.House
	prom
	flags        failure.File
	began, ended time.Time
}

// orders places orders of a customer and fails the test if one is refused.
func (r *run) orders(t *testing.T, n int, customer, chosen string) []orderclient.Order {
	t.Helper()
	placed, err := r.Client().PlaceAll(t.Context(), n, customer, chosen)
	if err != nil {
		t.Fatalf("place %d orders (%s): %v", n, chosen, err)
	}
	return placed
}

// settled waits until the orders are delivered or cancelled.
func (r *run) settled(t *testing.T, orders ...orderclient.Order) {
	t.Helper()
	for _, order := range orders {
		r.Await(t, time.Minute, "order "+order.OrderID+" is settled", func() bool {
			now, err := r.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
			return err == nil && now.Settled()
		})
	}
}

func (r *run) set(t *testing.T, key failure.Key, s failure.Setting) {
	t.Helper()
	if _, err := r.flags.Set(key, s); err != nil {
		t.Fatal(err)
	}
	r.Await(t, 30*time.Second, "Prometheus has "+string(key), func() bool {
		return r.has(t, `traceria_failure_active{traceria_failure="`+string(key)+`"} == 1`)
	})
}

func (r *run) clear(t *testing.T) {
	t.Helper()
	if err := r.flags.Clear(); err != nil {
		t.Fatal(err)
	}
	// The series of a stopped service stay for a minute as they were.
	r.Await(t, 30*time.Second, "no failure is active", func() bool { return !r.has(t, `traceria_failure_active{service_name="order"} > 0`) })
}

// has reports whether the query has an answer.
func (r *run) has(t *testing.T, expr string) bool {
	t.Helper()
	found, err := r.now(t.Context(), expr)
	return err == nil && len(found) > 0
}

// everything places orders, breaks what a dashboard tells of, and repairs it again. The scenarios fire and end each alert.
func (r *run) everything(t *testing.T) {
	t.Helper()
	r.began = time.Now()
	r.Await(t, 30*time.Second, "every target is scraped", func() bool { return r.has(t, `min(up) == 1`) })
	r.settled(t, r.orders(t, 20, "customer-1", "")...)
	r.jaegerHangs(t)
	r.failedOrders(t)
	r.disconnected(t)
	for _, s := range scenario.All() {
		if len(s.Alerts()) > 0 {
			r.refused(t)
			said := r.RunScenario(t, s)
			if console := "http://" + r.Addresses["console"] + "/"; !strings.Contains(said, console) { // at whatever port that is
				t.Errorf("the alert of %s does not lead to %s: %s", s.Name, console, said)
			}
		}
	}
	r.settled(t, r.orders(t, 20, "customer-1", "")...)
	r.ended = time.Now()
}

// refused is an order that the service answers with 503, and a request with a trace. It happens more than once in the run: a
// counter that appears with its first event has no rate yet.
func (r *run) refused(t *testing.T) {
	t.Helper()
	if _, err := r.Client().PlaceAll(t.Context(), 1, "customer-2", "order-api.down"); err == nil {
		t.Error("an order was placed although order-api.down was on")
	}
	placed := r.orders(t, 1, "customer-2", "order.duplicate")
	if _, err := r.Client().Do(t.Context(), http.MethodGet, "/order/"+placed[0].OrderID, nil, nil); err != nil {
		t.Error(err)
	}
}

// jaegerHangs lets Jaeger hang until spans wait in the Collector, which otherwise passes them on at once.
func (r *run) jaegerHangs(t *testing.T) {
	t.Helper()
	send := func(s syscall.Signal) {
		if err := syscall.Kill(r.Backend.PID(), s); err != nil {
			t.Error(err)
		}
	}
	send(syscall.SIGSTOP)
	defer send(syscall.SIGCONT)
	r.settled(t, r.orders(t, 5, "customer-1", "")...)
	r.Await(t, 30*time.Second, "spans wait for Jaeger", func() bool { return r.has(t, `otelcol_exporter_queue_size{exporter="otlphttp/jaeger"} > 0`) })
}

// failedOrders retries, rejects and delays orders.
func (r *run) failedOrders(t *testing.T) {
	t.Helper()
	ends := r.orders(t, 3, "customer-2", "kitchen.error=twice")
	ends = append(ends, r.orders(t, 2, "customer-2", "kitchen.reject")...)
	ends = append(ends, r.orders(t, 1, "customer-2", "kitchen.slow=2s")...)
	r.refused(t)
	r.settled(t, ends...)
}

// disconnected cuts the connections to the broker.
func (r *run) disconnected(t *testing.T) {
	t.Helper()
	r.set(t, failure.BrokerDisconnect, failure.Setting{Variant: "on"})
	r.settled(t, r.orders(t, 3, "customer-3", "")...)
	r.clear(t)
}

// openRun starts the system. The order service gives up spans after ten seconds, so that it drops some while the Collector is away.
func openRun(t *testing.T) *run {
	t.Helper()
	w, p := startHouse(t)
	r := &run{prom: p}
	r.House = w.OpenHouse(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		r.flags = failure.File{Path: filepath.Join(p.Data, "flags.json")}
		for _, service := range []string{"order", "kitchen", "delivery", "loyalty", "staff"} {
			p.More[service] = []string{"OTEL_METRIC_EXPORT_INTERVAL=1000"}
		}
		p.More["order"] = append(p.More["order"], "OTEL_BSP_EXPORT_TIMEOUT=10000")
	})
	return r
}
