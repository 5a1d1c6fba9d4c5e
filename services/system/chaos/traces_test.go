package chaos

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// shapes are the hops of a complete trace by the order's final status. They are learned from a system without faults.
type shapes map[string]map[string]bool

// learnShapes places one order of each kind in a healthy system. The golden trees test those shapes.
func learnShapes(t *testing.T, w *systemtest.World) shapes {
	t.Helper()
	learned := shapes{}
	p := w.Open(t, nil)
	for _, i := range []int{0, 9} {
		wanted := wishOf(i)
		answer, err := p.Client().Do(t.Context(), http.MethodPost, "/order", nil, wanted.body())
		if err != nil {
			t.Fatal(err)
		}
		last, err := p.Client().Await(t.Context(), answer.OrderID)
		if err != nil || last.Status != wanted.end() {
			t.Fatalf("the first order is %s: %v", last.Status, err)
		}
		learned[wanted.end()] = systemtest.Hops(p.Tree(t, answer.TraceID))
	}
	p.Close(t)
	for end, wanted := range learned {
		if len(wanted) < 10 {
			t.Fatalf("the trace of an order that is %s has %d hops only: %v", end, len(wanted), wanted)
		}
	}
	return learned
}

// traceFigures are the counts of the traces in Jaeger.
type traceFigures struct {
	wanted, connected int // traces: all, and those with one root, every hop and the conversation on every span
	later, laterGood  int // the same for orders after the fault
	absent            int // traces that Jaeger does not have
	orphans           int // spans without their parent
	spans             int
	details           []string
}

// countTraces reads each order's trace. It reads an incomplete trace again for a while, because spans arrive late.
func (p *trial) countTraces(t *testing.T, all []*accepted) traceFigures {
	t.Helper()
	patience := 30 * time.Second
	if p.fault.traces != everyTrace {
		patience = 5 * time.Second // later spans were lost with a killed process
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var f traceFigures
	var mu sync.Mutex
	var group sync.WaitGroup
	places := make(chan struct{}, 4)
	for _, a := range all {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			tree, wrong := p.traceOf(ctx, a)
			mu.Lock()
			defer mu.Unlock()
			f.add(a, tree, wrong)
		})
	}
	group.Wait()
	return f
}

// flowTime limits the time from the repair to the first complete trace: an exporter backs off for up to 30 s after a
// refusal, and its full queue drops spans.
const flowTime = time.Minute

// awaitFlow places orders one by one until one has a complete trace.
func (p *trial) awaitFlow(t *testing.T, o *orders) {
	t.Helper()
	for began := time.Now(); ; {
		probe := p.takeOrders(t, 1, time.Second)
		probe.finish(t)
		p.settle(t, probe)
		o.join(probe)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		_, wrong := p.traceOf(ctx, probe.all[0])
		cancel()
		if took := time.Since(began).Round(time.Millisecond); wrong == "" {
			t.Logf("the trace of a new order was complete %s after the repair", took)
			return
		} else if took > flowTime {
			t.Errorf("no new order has a complete trace %s after the repair: %s", took, wrong)
			return
		}
	}
}

// awaitTraces waits for complete traces while the services run, because a stopping service exports for two seconds
// only.
func (p *trial) awaitTraces(t *testing.T, o *orders) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	for _, a := range o.all {
		if _, wrong := p.traceOf(ctx, a); wrong != "" {
			t.Errorf("no complete trace within %s: %s", time.Since(began), wrong)
			return
		}
	}
	t.Logf("the traces were complete %s after the last order was settled", time.Since(began).Round(time.Millisecond))
}

// traceOf returns the order's trace and its fault, or "".
func (p *trial) traceOf(ctx context.Context, a *accepted) (tree *tracetree.Tree, wrong string) {
	for {
		spans, err := p.Jaeger.Trace(context.WithoutCancel(ctx), a.TraceID) // the last read must not be cancelled
		if err == nil {
			tree = tracetree.Build(spans)
			wrong = p.wrongWith(tree, a)
		} else {
			tree, wrong = nil, err.Error()
		}
		if wrong == "" {
			return tree, ""
		}
		select {
		case <-ctx.Done():
			return tree, wrong
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (p *trial) wrongWith(tree *tracetree.Tree, a *accepted) string {
	if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
		var names []string
		for _, root := range tree.Roots {
			names = append(names, root.Service+" "+root.Name+" "+root.Warning)
		}
		return fmt.Sprintf("%d roots, %d orphans: %s", len(tree.Roots), len(tree.Orphans), strings.Join(names, "; "))
	}
	found := systemtest.Hops(tree)
	for _, hop := range slices.Sorted(maps.Keys(p.wanted[a.end()])) {
		if !found[hop] {
			return "without " + hop
		}
	}
	for _, span := range tree.Spans() {
		if span.Attributes[string(telemetry.ConversationKey)] != a.OrderID {
			return span.Name + " is not in the conversation"
		}
	}
	if p.fault.checkTree != nil {
		return p.fault.checkTree(tree)
	}
	return ""
}

func (f *traceFigures) add(a *accepted, tree *tracetree.Tree, wrong string) {
	f.wanted++
	if a.later {
		f.later++
	}
	if tree == nil {
		f.absent++
	} else {
		f.orphans += len(tree.Orphans)
		f.spans += len(tree.Spans())
	}
	if wrong == "" {
		f.connected++
		if a.later {
			f.laterGood++
		}
	} else if len(f.details) < 10 {
		f.details = append(f.details, "trace "+a.TraceID+" of order "+a.OrderID+": "+wrong)
	}
}

func (f traceFigures) check(t *testing.T, demand traceDemand) {
	t.Helper()
	if demand == everyTrace && f.connected != f.wanted {
		t.Errorf("%d of %d traces are connected", f.connected, f.wanted)
	}
	if demand == laterTraces && (f.later == 0 || f.laterGood != f.later) {
		t.Errorf("%d of %d traces of orders after the fault are connected", f.laterGood, f.later)
	}
}

// String returns the traces' part of the figures.
func (f traceFigures) String() string {
	text := fmt.Sprintf("%d of %d connected, %d absent, %d spans, %d without their parent", f.connected, f.wanted, f.absent, f.spans, f.orphans)
	if f.later > 0 {
		text += fmt.Sprintf(", %d of %d after the fault connected", f.laterGood, f.later)
	}
	return text
}
