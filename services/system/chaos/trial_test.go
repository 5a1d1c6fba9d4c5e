package chaos

import (
	"testing"

	"traceria/services/system/systemtest"
)

// trial is one fault, its pizzeria and its orders.
type trial struct {
	*systemtest.Pizzeria
	fault  fault
	orders *orders
	// wanted are the hops of an order's trace in a system without faults.
	wanted shapes
}

// openTrial starts the services for the fault.
func openTrial(t *testing.T, w *systemtest.World, wanted shapes, f fault) *trial {
	t.Helper()
	p := &trial{fault: f, wanted: wanted}
	p.Pizzeria = w.Open(t, func(t *testing.T, opening *systemtest.Pizzeria) {
		t.Helper()
		p.Pizzeria = opening
		if f.prepare != nil {
			f.prepare(t, p)
		}
	})
	return p
}

// newWorld starts the parts that all trials share, and learns the shapes of traces.
func newWorld(t *testing.T) (*systemtest.World, shapes) {
	t.Helper()
	w := systemtest.StartWorld(t)
	declareWitness(t, w)
	// RabbitMQ 3.10 loses a quorum queue that was declared less than three minutes before a kill, because Ra saves its
	// names late. A normal stop saves them.
	if err := w.Broker.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.Broker.Start(); err != nil {
		t.Fatal(err)
	}
	return w, learnShapes(t, w)
}
