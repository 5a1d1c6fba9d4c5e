package chaos

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// killsOfEach is the number of kills per service.
const killsOfEach = 10

// Every service is killed ten times at random moments. A supervisor restarts it.
func servicesKilled() fault {
	return fault{name: "services-killed", begins: 0.05, longer: 8 * time.Second, traces: countTraces, inject: func(t *testing.T, p *trial) {
		var all sync.WaitGroup
		for _, s := range p.Services {
			all.Go(func() {
				for done := 0; done < killsOfEach; {
					// A kill hits the start of the service as well as its work.
					time.Sleep(100*time.Millisecond + rand.N(2*time.Second))
					if s.Kill() {
						done++
					}
				}
			})
		}
		all.Wait()
	}}
}

// The order service is killed while its outbox holds committed orders, because RabbitMQ is stopped. After the restart
// of both, the outbox sends them.
func orderKilledBeforePublish() fault {
	return fault{name: "order-killed-before-publish", begins: 0.3, longer: 8 * time.Second, inject: func(t *testing.T, p *trial) {
		p.EndBroker(t, p.Broker.Stop)
		p.orders.skipNews() // orders that were accepted while RabbitMQ stopped may be published
		unpublished := chaosOrders(t) / 4
		p.orders.awaitAccepted(t, unpublished)
		p.orders.shop.Lock()
		p.spansAreSent(t)
		rows := p.Unsent(t, "order")
		if rows < unpublished {
			t.Errorf("%d orders were accepted without a broker, and %d events are in the outbox", unpublished, rows)
		}
		p.killOrder(t)
		if kept := p.Unsent(t, "order"); kept != rows {
			t.Errorf("%d events were in the outbox before the kill, %d after it", rows, kept)
		}
		t.Logf("order was killed with %d events committed and not published", rows)
		p.orders.shop.Unlock()
		p.StartBroker(t)
	}}
}

// spansAreSent waits until Jaeger has the latest order, so that the kill loses no spans.
func (p *trial) spansAreSent(t *testing.T) {
	t.Helper()
	soFar := p.orders.soFar()
	last := soFar[len(soFar)-1]
	p.Await(t, 30*time.Second, "Jaeger has the latest order", func() bool {
		spans, err := p.Jaeger.Trace(t.Context(), last.TraceID)
		return err == nil && slices.ContainsFunc(spans, func(s tracetree.Span) bool { return s.ParentID == "" })
	})
}

// killOrder kills the order service and returns when it is back.
func (p *trial) killOrder(t *testing.T) {
	t.Helper()
	if !p.Services["order"].Kill() {
		t.Fatal("the order service does not run")
	}
	p.Await(t, 20*time.Second, "the order service is back", func() bool {
		back := p.Services["order"].RunsAgain()
		status, _ := p.Answer("http://" + p.Addresses["order"] + "/healthz")
		return back && status == http.StatusOK
	})
}

// The order service is killed between the publish and the confirm of its events. The rows are still in the outbox, the
// events are sent again, and no effect is doubled.
func orderKilledBeforeConfirm() fault {
	return fault{name: "order-killed-before-confirm", begins: 0.3, traces: countTraces, inject: func(t *testing.T, p *trial) {
		resume := p.PauseBroker(t)
		p.orders.awaitAccepted(t, chaosOrders(t)/5)
		p.killOrder(t)
		resume()
	}}
}
