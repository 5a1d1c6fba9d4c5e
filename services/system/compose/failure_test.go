package compose

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// status is one key of the console's API.
type status struct {
	Key    string `json:"key"`
	Active *struct {
		Variant string `json:"variant"`
	} `json:"active"`
}

// failureByConsole sets a failure as the README's curl does, sees it in a trace, and clears it.
func failureByConsole(t *testing.T, p *system) {
	if all := read[[]status](t, p.shell, `curl -s "$CONSOLE_URL/api/failures"`); len(all) < 20 {
		t.Errorf("GET /api/failures has %d keys", len(all))
	}
	set := read[status](t, p.shell, `curl -s -X PUT "$CONSOLE_URL/api/failures/kitchen.error" -d '{"variant":"once"}'`)
	if set.Active == nil || set.Active.Variant != "once" {
		t.Errorf("PUT answers %+v", set)
	}
	time.Sleep(time.Second) // it acts within a second
	p.suffers(t, p.buy(t, "--wait"), "kitchen.error")
	p.run(t, `curl -s -X DELETE "$CONSOLE_URL/api/failures/kitchen.error"`)
	time.Sleep(time.Second)
	p.healthy(t)
}

// failureByCommand does the same with the command that the head of docker-compose.yml shows.
func failureByCommand(t *testing.T, p *system) {
	p.run(t, "docker compose exec console traceria failure list")
	p.failure(t, "set kitchen.slow=2s")
	p.suffers(t, p.buy(t, "--wait"), "kitchen.slow")
	p.failure(t, "clear")
	p.suffers(t, p.buy(t, "--failure kitchen.error=twice --wait"), "kitchen.error")
	p.healthy(t)
}

// failure runs traceria failure in the console's container. A change acts within a second.
func (p *system) failure(t *testing.T, args string) {
	t.Helper()
	p.run(t, "docker compose exec console traceria failure "+args)
	time.Sleep(time.Second)
}

// suffers fails unless a span of the order names the failure.
func (p *system) suffers(t *testing.T, one answer, key string) {
	t.Helper()
	if len(having(p.trace(t, one.OrderID), "traceria.failure", key)) == 0 {
		t.Errorf("no span of order %s has traceria.failure=%s", one.OrderID, key)
	}
}

// healthy fails unless an order is delivered without any failure.
func (p *system) healthy(t *testing.T) {
	t.Helper()
	one := p.buy(t, "--wait")
	for _, s := range p.trace(t, one.OrderID) {
		if key := s.Attributes["traceria.failure"]; key != nil {
			t.Errorf("%s %s has traceria.failure=%v, but nothing is switched on", s.Service, s.Name, key)
		}
	}
}

// crashes ends a process by each failure that does so: its container restarts, and later orders are delivered.
func crashes(t *testing.T, p *system) {
	t.Run("kitchen.crash", func(t *testing.T) {
		before := p.restarts(t, "kitchen")
		one := p.buy(t, "--failure kitchen.crash --wait")
		p.restarted(t, "kitchen", before)
		spans := p.trace(t, one.OrderID)
		for _, s := range spans {
			if s.Warning != "" {
				t.Logf("%s %s: %s", s.Service, s.Name, s.Warning)
			}
		}
		died := having(spans, "error.type", "crash")
		if len(died) != 1 || died[0].Service != "kitchen" {
			t.Errorf("want one span of the kitchen with error.type=crash, got %+v", died)
		}
		p.buy(t, "--wait")
	})
	t.Run("delivery.ack-early", func(t *testing.T) {
		before := p.restarts(t, "delivery")
		p.buy(t, "--failure delivery.ack-early")
		lost := p.orders[len(p.orders)-1]
		p.orders = p.orders[:len(p.orders)-1] // the failure's lesson: it is never delivered
		p.restarted(t, "delivery", before)
		p.buy(t, "--wait")
		if got := p.look(t, []string{lost})[0].Status; got != "boxed" {
			t.Errorf("the order whose message was acked early is %s, want boxed", got)
		}
	})
	t.Run("order.dual-write", func(t *testing.T) {
		before := p.restarts(t, "order")
		p.refused(t, "docker compose exec kitchen /traceria buy --failure order.dual-write")
		p.restarted(t, "order", before)
		p.buy(t, "--wait")
	})
	t.Run("kitchen.crash of one customer", func(t *testing.T) {
		before := p.restarts(t, "kitchen")
		p.failure(t, "set kitchen.crash --customer you")
		p.place(t, 2)
		p.restarted(t, "kitchen", before)
		p.failure(t, "clear kitchen.crash")
		p.settled(t, p.orders, time.Minute)
	})
}

// restarts is how often the engine has started the service's container again.
func (p *system) restarts(t *testing.T, service string) int {
	t.Helper()
	out, err := p.try(t.Context(), fmt.Sprintf("docker inspect --format '{{.RestartCount}}' $(docker compose ps --all --quiet %s)", service))
	if err != nil {
		t.Fatal(err)
	}
	count, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// restarted waits until the engine has started the container again and the service is ready.
func (p *system) restarted(t *testing.T, service string, before int) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); p.restarts(t, service) <= before; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("the container of %s was not restarted within a minute", service)
		}
	}
	p.run(t, "docker compose exec console traceria status order kitchen delivery loyalty staff --wait --timeout 2m")
}
