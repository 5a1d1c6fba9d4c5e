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

// The chaos tests break one part of the running system at a time, while customers order, and count afterwards what
// was lost or happened twice. Services, broker, Collector and Jaeger are real processes; a fault is what it is called:
// kill -9, SIGSTOP, a file system that is full, a file that another process has locked.
//
// What must have happened is computed from the orders that were answered with 202, and from nothing that the system
// says of itself.

// chaosOrders is how many orders each test places: 100, or TRACERIA_CHAOS_ORDERS (make chaos has 1,000).
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

// traceDemand is what a test demands of the orders' traces.
type traceDemand int

const (
	// everyTrace: each order's spans are all there and connected.
	everyTrace traceDemand = iota
	// laterTraces: those of the orders that were placed after the fault. Telemetry itself was killed.
	laterTraces
	// countTraces: none. Processes died with spans that they had not sent, which no design can prevent: how many
	// spans lost their parent is counted and printed.
	countTraces
)

// fault is one way to break the system.
type fault struct {
	name string
	// prepare runs before the services start, and may change how.
	prepare func(t *testing.T, p *trial)
	// begins is the part of the orders that is accepted when the fault begins.
	begins float64
	// inject breaks something and, unless that is for repair, mends it. Orders are placed all the while.
	inject func(t *testing.T, p *trial)
	// repair runs when every order is settled in spite of what is broken.
	repair func(t *testing.T, p *trial)
	// longer stretches the time in which the orders are placed.
	longer time.Duration
	// dead is how many dead letters must be in which queue; everywhere else there must be none.
	dead map[string]int
	// traces is what is demanded of the traces.
	traces traceDemand
	// checkTree says what else must hold of each trace; "" when it does.
	checkTree func(tree *tracetree.Tree) string
}

func faults() []fault {
	return []fault{
		servicesStopped(), rabbitmqKilled(), rabbitmqPaused(), servicesKilled(), orderKilledBeforePublish(), orderKilledBeforeConfirm(),
		collectorKilled(), jaegerKilled(), diskFull(), fileLocked(), unreadableFlood(), duplicatedAndReordered(), queueDeleted(),
	}
}

// After each fault: no order lost, no effect doubled, every order in a final state, the queues empty but for the dead
// letters that must be there, and the traces connected unless telemetry itself was killed.
func TestChaos(t *testing.T) {
	w, wanted := newWorld(t)
	var report []figures
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			counted := figures{name: f.name} // what a test that ends early says of itself
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

// run lets the customers order, breaks the system among them, and counts.
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

// laterOrders are placed when a fault of telemetry is over, to see that traces flow again.
const laterOrders = 20

// placingTime leaves the system room to breathe between the orders: the fault and not the load is the subject.
func placingTime(orders int) time.Duration {
	return 4*time.Second + time.Duration(orders)*25*time.Millisecond
}

// table is the report of make chaos.
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
