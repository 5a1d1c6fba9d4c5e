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

// shapes are the messages that an order's trace must have, by the order's end: how often each was sent and processed
// in a system that nothing happened to.
type shapes map[string]map[string]bool

// hops are the sends and the processings of a trace, named so that a message that came another way is the same: by
// exchange and routing key where it is sent, by queue where it is processed.
func hops(tree *tracetree.Tree) map[string]bool {
	found := map[string]bool{}
	for _, span := range tree.Spans() {
		switch {
		case strings.HasPrefix(span.Name, "send ") && !strings.HasSuffix(span.Name, ".dead"):
			found[span.Service+" "+span.Name] = true
		case strings.HasPrefix(span.Name, "process "):
			found[span.Service+" process "+span.Name[strings.LastIndexAny(span.Name, ": ")+1:]] = true
		}
	}
	return found
}

// learnShapes places one order of each kind before anything is broken. That the shapes themselves are right is held
// by the golden trees.
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
		learned[wanted.end()] = hops(p.Tree(t, answer.TraceID))
	}
	p.Close(t)
	for end, wanted := range learned {
		if len(wanted) < 10 {
			t.Fatalf("the trace of an order that is %s has %d hops only: %v", end, len(wanted), wanted)
		}
	}
	return learned
}

// traceFigures are what was counted in Jaeger.
type traceFigures struct {
	wanted, connected int // traces: all, and those with every hop under one root, each span in the conversation
	later, laterGood  int // of them: of orders that were placed after the fault
	absent            int // traces of which nothing is there
	orphans           int // spans whose parent is not there
	spans             int
	details           []string
}

// countTraces reads each order's trace. Spans take a moment: a trace that is not whole is read again for a while.
func (p *trial) countTraces(t *testing.T, all []*accepted) traceFigures {
	t.Helper()
	patience := 30 * time.Second
	if p.fault.traces != everyTrace {
		patience = 5 * time.Second // what is not there then was lost with a killed process
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

// flowTime is how long it may take, after what was killed is back, until a new order has a whole trace: an exporter
// that was refused waits for up to half a minute, and what a full queue has no room for meanwhile is lost.
const flowTime = time.Minute

// awaitFlow places an order after the other until one has a whole trace.
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
			t.Logf("the trace of a new order was whole %s after the repair", took)
			return
		} else if took > flowTime {
			t.Errorf("no new order has a whole trace %s after the repair: %s", took, wrong)
			return
		}
	}
}

// awaitTraces waits, while the services run, until the orders' traces are whole: what still waits to be sent when a
// service stops has two seconds only.
func (p *trial) awaitTraces(t *testing.T, o *orders) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	for _, a := range o.all {
		if _, wrong := p.traceOf(ctx, a); wrong != "" {
			t.Errorf("traces do not flow again within %s: %s", time.Since(began), wrong)
			return
		}
	}
	t.Logf("traces flow again: whole %s after the last of these orders was settled", time.Since(began).Round(time.Millisecond))
}

// traceOf returns the order's trace and what is wrong with it, or "".
func (p *trial) traceOf(ctx context.Context, a *accepted) (tree *tracetree.Tree, wrong string) {
	for {
		spans, err := p.Jaeger.Trace(context.WithoutCancel(ctx), a.TraceID) // the last look, too, has an answer
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
	found := hops(tree)
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

// String is the traces' part of the line of figures.
func (f traceFigures) String() string {
	text := fmt.Sprintf("%d of %d connected, %d absent, %d spans, %d without their parent", f.connected, f.wanted, f.absent, f.spans, f.orphans)
	if f.later > 0 {
		text += fmt.Sprintf(", %d of %d after the fault connected", f.laterGood, f.later)
	}
	return text
}
