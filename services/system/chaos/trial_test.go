package chaos

import (
	"testing"

	"traceria/services/system/systemtest"
)

// trial is one fault, a pizzeria that has it, and the orders that are placed meanwhile.
type trial struct {
	*systemtest.Pizzeria
	fault  fault
	orders *orders
	// wanted are the messages of an order's trace in a system without faults.
	wanted shapes
}

// openTrial opens a pizzeria for the fault.
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

// newWorld starts what all trials share, and returns the shapes of traces in it.
func newWorld(t *testing.T) (*systemtest.World, shapes) {
	t.Helper()
	w := systemtest.StartWorld(t)
	declareWitness(t, w)
	// RabbitMQ 3.10 forgets a quorum queue that was declared less than about three minutes before a kill: Ra saves
	// its names late. An end in order saves them now.
	if err := w.Broker.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.Broker.Start(); err != nil {
		t.Fatal(err)
	}
	return w, learnShapes(t, w)
}
