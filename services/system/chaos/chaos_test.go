package chaos

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"traceria/telemetry/tracetree"
)

// chaosOrders returns the number of orders per fault: 100, or TRACERIA_CHAOS_ORDERS (make chaos sets 1,000).
func chaosOrders(t *testing.T) int {
	t.Helper()
	text, set := os.LookupEnv("TRACERIA_CHAOS_ORDERS")
	if !set {
		return 100
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 20 || n > 10_000 {
		t.Fatalf("TRACERIA_CHAOS_ORDERS=%s: want a whole number from 20 to 10000", text)
	}
	return n
}

// traceDemand is the requirement on the orders' traces.
type traceDemand int

const (
	// everyTrace requires a complete trace of every order.
	everyTrace traceDemand = iota
	// laterTraces requires complete traces of the orders after the fault, for faults of the telemetry itself.
	laterTraces
	// countTraces requires nothing and only counts. A killed process loses the spans that it has not exported.
	countTraces
)

// fault is one way to break the system.
type fault struct {
	name string
	// prepare runs before the services start and may change their environment.
	prepare func(t *testing.T, p *trial)
	// begins is the fraction of the orders that are accepted before the fault.
	begins float64
	// inject breaks a part and repairs it, unless repair does. Orders are placed meanwhile.
	inject func(t *testing.T, p *trial)
	// repair runs after every order is settled despite the fault.
	repair func(t *testing.T, p *trial)
	// longer extends the time in which the orders are placed.
	longer time.Duration
	// dead is the expected number of dead letters by queue. Other queues must have none.
	dead map[string]int
	// traces is the requirement on the traces.
	traces traceDemand
	// checkTree returns a fault of a trace, or "".
	checkTree func(tree *tracetree.Tree) string
}

func faults() []fault {
	return []fault{
		servicesStopped(), rabbitmqKilled(), rabbitmqPaused(), servicesKilled(), orderKilledBeforePublish(), orderKilledBeforeConfirm(),
		collectorKilled(), jaegerKilled(), diskFull(), fileLocked(), unreadableFlood(), duplicatedAndReordered(), queueDeleted(),
	}
}

// After each fault no order is lost, no effect is doubled, every order has its final status, and the queues hold only
// the expected dead letters. The traces are complete unless the fault hit the telemetry.
func TestChaos(t *testing.T) {
	w, wanted := newWorld(t)
	var report []figures
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			counted := figures{name: f.name} // the row of a test that ends early
			defer func() {
				counted.verdict = verdict(t)
				report = append(report, counted)
			}()
			counted = openTrial(t, w, wanted, f).run(t)
		})
	}
	t.Logf("%d orders each:\n%s", chaosOrders(t), table(report))
}

func verdict(t *testing.T) string {
	switch {
	case t.Failed():
		return "FAILED"
	case t.Skipped():
		return "skipped"
	default:
		return "ok"
	}
}

// run places the orders, injects the fault meanwhile, and counts the result.
func (p *trial) run(t *testing.T) figures {
	began := time.Now()
	n := chaosOrders(t)
	orders := p.takeOrders(t, n, placingTime(n)+p.fault.longer)
	p.orders = orders
	orders.awaitAccepted(t, int(p.fault.begins*float64(n)))
	p.fault.inject(t, p)
	orders.finish(t)
	p.settle(t, orders)
	if p.fault.repair != nil {
		p.fault.repair(t, p)
		p.awaitFlow(t, orders)
		later := p.takeOrders(t, laterOrders, time.Second)
		later.later = true
		later.finish(t)
		p.settle(t, later)
		p.awaitTraces(t, later)
		orders.join(later)
	}
	f := p.count(t, orders)
	f.took = time.Since(began)
	t.Log(f)
	f.check(t, p.fault)
	return f
}

// laterOrders is the number of orders after a fault of the telemetry. They show that traces arrive again.
const laterOrders = 20

// placingTime is the time for placing the orders. It keeps the load low, because the fault is the subject.
func placingTime(orders int) time.Duration {
	return 4*time.Second + time.Duration(orders)*25*time.Millisecond
}

// table returns the report of make chaos.
func table(report []figures) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = w.Write([]byte(tableHead))
	for _, f := range report {
		_, _ = w.Write([]byte(f.row()))
	}
	_ = w.Flush()
	return text.String()
}
