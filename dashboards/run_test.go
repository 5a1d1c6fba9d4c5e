package dashboards_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
)

// run is a real system with a Prometheus, to which everything happens that a dashboard or an alert tells of.
type run struct {
	*systemtest.Pizzeria
	prom
	flags        failure.File
	began, ended time.Time
	firedAt      map[string]time.Duration // by alert, since began
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

// within reports whether the condition holds before the time is over. The test goes on without it, and finds more faults.
func (r *run) within(limit time.Duration, holds func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return false
}

// fires waits until the alerts fire, and records when each one did.
func (r *run) fires(t *testing.T, alerts ...string) {
	t.Helper()
	for _, name := range alerts {
		fired := r.within(45*time.Second, func() bool {
			return r.has(t, `count_over_time(ALERTS{alertname="`+name+`", alertstate="firing"}[1m])`)
		})
		if !fired {
			t.Errorf("%s does not fire within 45 s of its cause", name)
			continue
		}
		r.firedAt[name] = time.Since(r.began).Round(time.Second)
		t.Logf("%s: %s fires", r.firedAt[name], name)
		r.leads(t, name)
	}
}

// leads checks that an alert that fires or fired leads to the console of this system, at whatever port that is.
func (r *run) leads(t *testing.T, name string) {
	t.Helper()
	_, body := r.Answer("http://" + r.Metrics.Prometheus + "/api/v1/rules?type=alert")
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct {
					Name   string
					Alerts []struct{ Annotations map[string]string }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
	for _, group := range answer.Data.Groups {
		for _, rule := range group.Rules {
			for _, one := range rule.Alerts {
				if rule.Name == name && (!strings.HasPrefix(one.Annotations["console"], "http://"+r.Addresses["console"]+"/") ||
					!strings.HasPrefix(one.Annotations["dashboard"], "http://localhost:3000/d/traceria-")) {
					t.Errorf("%s leads to %s and %s", name, one.Annotations["console"], one.Annotations["dashboard"])
				}
			}
		}
	}
}

// ends waits until the alerts do not fire any more.
func (r *run) ends(t *testing.T, alerts ...string) {
	t.Helper()
	for _, name := range alerts {
		var found []series
		ended := r.within(time.Minute, func() (ended bool) {
			var err error
			found, err = r.now(t.Context(), `ALERTS{alertname="`+name+`", alertstate="firing"}`)
			return err == nil && len(found) == 0
		})
		if !ended {
			t.Errorf("%s still fires a minute after its cause has ended: %v", name, found)
			continue
		}
		t.Logf("%s: %s does not fire any more", time.Since(r.began).Round(time.Second), name)
	}
}

// everything places orders, breaks what a dashboard tells of, and repairs it again. Each alert fires by its cause and ends.
func (r *run) everything(t *testing.T) {
	t.Helper()
	r.began = time.Now()
	r.Await(t, 30*time.Second, "every target is scraped", func() bool { return r.has(t, `min(up) == 1`) })
	r.settled(t, r.orders(t, 20, "customer-1", "")...)
	r.failedOrders(t)
	r.backlog(t)
	r.standstill(t)
	r.outage(t)
	r.settled(t, r.orders(t, 20, "customer-1", "")...)
	for _, a := range readAlerts(t) {
		r.ends(t, a.Alert)
	}
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

// failedOrders retries, dead-letters, rejects and doubles orders.
func (r *run) failedOrders(t *testing.T) {
	t.Helper()
	r.set(t, failure.KitchenPoison, failure.Setting{Variant: "on", Customer: "poisoned"})
	poisoned := r.orders(t, 2, "poisoned", "")
	ends := r.orders(t, 3, "customer-2", "kitchen.error=twice")
	ends = append(ends, r.orders(t, 2, "customer-2", "kitchen.reject")...)
	ends = append(ends, r.orders(t, 1, "customer-2", "kitchen.slow=2s")...)
	r.refused(t)
	r.settled(t, ends...)
	r.fires(t, "TraceriaDeadLetters")
	r.clear(t)
	out, err := r.TraceriaWith(append(r.Environment(t, "order"), r.As(t, "operator")...), "dead", "redrive", "kitchen.ticket-opened")
	if err != nil {
		t.Fatalf("redrive: %v\n%s", err, out)
	}
	r.settled(t, poisoned...)
}

// backlog slows the kitchen under a burst of orders whose sampled flag is lost. Each cook has one order until the failure is
// cleared, so that the rest waits.
func (r *run) backlog(t *testing.T) {
	t.Helper()
	r.set(t, failure.BrokerDisconnect, failure.Setting{Variant: "on"})
	r.settled(t, r.orders(t, 3, "customer-3", "")...)
	r.clear(t)
	r.set(t, failure.TraceLostSampling, failure.Setting{Variant: "on"})
	r.set(t, failure.KitchenSlow, failure.Setting{Variant: "10s"})
	late := r.orders(t, 120, "customer-3", "")
	r.fires(t, "TraceriaBacklog", "TraceriaWait", "TraceriaSpansMissing")
	r.clear(t)
	r.settled(t, late...)
}

// standstill stalls the outboxes and stops loyalty.
func (r *run) standstill(t *testing.T) {
	t.Helper()
	if err := r.Services["loyalty"].Stop(); err != nil {
		t.Error(err)
	}
	r.set(t, failure.OutboxStall, failure.Setting{Variant: "on"})
	r.refused(t)
	stalled := r.orders(t, 3, "customer-4", "")
	r.fires(t, "TraceriaNoConsumer", "TraceriaOutboxOld")
	r.clear(t)
	r.Services["loyalty"] = systemtest.Supervise("loyalty", r.Environment(t, "loyalty"))
	r.settled(t, stalled...)
	r.ends(t, "TraceriaNoConsumer", "TraceriaOutboxOld")
}

// outage stops the Collector until the order service has dropped spans.
func (r *run) outage(t *testing.T) {
	t.Helper()
	r.KillPart(t, r.Collector)
	away := r.orders(t, 40, "customer-5", "")
	r.fires(t, "TraceriaTargetDown")
	r.settled(t, away...)
	r.StartPart(t, r.Collector)
	r.fires(t, "TraceriaTelemetryDropped")
}

// openRun starts the system. The order service has room for few spans, so that it drops some while the Collector is away.
func openRun(t *testing.T) *run {
	t.Helper()
	w, p := startHouse(t)
	r := &run{prom: p, firedAt: map[string]time.Duration{}}
	r.Pizzeria = w.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		r.flags = failure.File{Path: filepath.Join(p.Data, "flags.json")}
		for _, service := range []string{"order", "kitchen", "delivery", "loyalty", "staff"} {
			p.More[service] = []string{"OTEL_METRIC_EXPORT_INTERVAL=1000"}
		}
		p.More["order"] = append(p.More["order"], "OTEL_BSP_MAX_QUEUE_SIZE=200", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=100", "OTEL_BSP_SCHEDULE_DELAY=50")
	})
	startConsole(t, r.Pizzeria)
	return r
}

// startConsole starts the console, to which data links lead.
func startConsole(t *testing.T, p *systemtest.Pizzeria) {
	t.Helper()
	env := slices.Clone(p.AsConsole(t))
	for name, address := range p.Addresses {
		env = append(env, strings.ToUpper(name)+"_URL=http://"+address)
	}
	p.Launch(t, "console", append(env, "TRACERIA_FLAGS="+filepath.Join(p.Data, "flags.json")), os.Args[0], "console")
	systemtest.AwaitReady(t, "console", p.Addresses["console"])
}
