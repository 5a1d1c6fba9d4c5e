package compose

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestDockerComposeUp types what the README says into a shell, with a real engine. One system serves all steps, and each
// step leaves it ready for the next. In the end every order that was accepted is delivered.
func TestDockerComposeUp(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no Docker engine is started")
	}
	began := time.Now()
	m := findMachine(t)
	t.Logf("the engine and its images are ready after %.0f s; stand-ins: %v", time.Since(began).Seconds(), m.standIns)
	m.limit = 3 * time.Minute
	down := "docker compose --progress quiet down --volumes --remove-orphans --timeout 5"
	m.run(t, down) // what a run that was killed has left
	t.Cleanup(func() {
		if t.Failed() {
			report(t, m.shell)
		}
		if _, err := m.try(cleaning(t), down); err != nil {
			t.Error(err)
		}
	})
	p := &system{shell: m.shell}
	for _, step := range []struct {
		name string
		do   func(*testing.T, *system)
	}{
		{"the system starts", starts},
		{"an order is delivered and has a trace", orderHasTrace},
		{"the console shows the system", consoleShows},
		{"what the README suggests", suggestions},
		{"a failure is set through the console", failureByConsole},
		{"a failure is set with docker compose exec", failureByCommand},
		{"scenarios pass", scenariosPass},
		{"a process that a failure ends comes back", crashes},
		{"dead letters are redriven", deadLetters},
		{"the console redrives a dead letter", redrivenByConsole},
		{"a deleted queue comes back", deletedQueue},
		{"each container stops and starts", stopAndStart},
		{"RabbitMQ restarts ten times under load", restartsUnderLoad},
		{"down and up keep the data", downAndUp},
		{"a second system runs beside the first", secondSystem},
		{"every accepted order is delivered", allDelivered},
	} {
		began := time.Now()
		if !t.Run(step.name, func(t *testing.T) { step.do(t, p) }) {
			t.Fatalf("the steps after %q did not run", step.name)
		}
		t.Logf("%5.1f s  %s", time.Since(began).Seconds(), step.name)
	}
	t.Logf("%.0f s in all", time.Since(began).Seconds())
}

// starts builds the image and waits until every part is ready.
func starts(t *testing.T, p *system) {
	p.limit = 9 * time.Minute // with an empty build cache
	p.run(t, "docker compose --progress quiet build")
	p.limit = 3 * time.Minute
	p.run(t, "docker compose --progress quiet up --wait"+parts)
	p.run(t, "docker compose ps --all --format 'table {{.Service}}\t{{.Image}}\t{{.Status}}'")
	p.run(t, ready)
	p.run(t, "docker compose exec order /traceria status prometheus --wait --timeout 1m")
}

// report shows what the containers say, for a failed test.
func report(t *testing.T, sh shell) {
	for _, line := range []string{
		"docker compose ps --all", "docker compose logs --tail 15", "docker stats --no-stream",
	} {
		out, err := sh.try(cleaning(t), line)
		t.Logf("$ %s\n%s\n%v", line, out, err)
	}
}

// system is the running system and the orders that it has accepted.
type system struct {
	shell
	orders []string
}

// answer is what the order service says to an order.
type answer struct {
	OrderID string `json:"orderId"`
	Status  string `json:"status"`
	TraceID string `json:"traceId"`
	Links   struct {
		Jaeger string `json:"jaeger"`
	} `json:"links"`
}

// orderLine is the README's curl, which here also prints the status.
const orderLine = `curl -s -w '%{http_code}' "$ORDER_URL/order" -d '{"customerId":"you","items":[{"itemName":"Margherita","quantity":1}],"deliveryAddress":{"addressLine1":"167 My Street"}}'`

// place places orders by curl. Each is accepted, and must be delivered in the end.
func (p *system) place(t *testing.T, count int) {
	t.Helper()
	out := p.run(t, fmt.Sprintf("for i in $(seq %d); do %s; echo; done", count, orderLine))
	p.accepted(t, out)
}

// accepted reads the answers to orderLine, each of which must have the status 202.
func (p *system) accepted(t *testing.T, out string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	got := 0
	for i := 0; i+1 < len(lines); i += 2 {
		if lines[i+1] != "202" {
			t.Errorf("POST /order answers %s: %s", lines[i+1], lines[i])
			continue
		}
		got++
		p.orders = append(p.orders, parse[answer](t, lines[i]).OrderID)
	}
	if want := len(lines) / 2; got != want {
		t.Fatalf("%d of %d orders were accepted", got, want)
	}
}

// buy places orders with traceria buy, which waits until they are delivered.
func (p *system) buy(t *testing.T, flags string) answer {
	t.Helper()
	one := read[answer](t, p.shell, "docker compose exec order /traceria buy --json "+flags)
	if strings.Contains(flags, "--wait") && one.Status != "delivered" {
		t.Fatalf("the order is %s: %+v", one.Status, one)
	}
	p.orders = append(p.orders, one.OrderID)
	return one
}
