// Package keeper keeps the topology standing: it declares what the broker does not have, restores what was deleted, and asks
// the producers to publish again what was lost with it. Services declare nothing: their users have no right to.
//
//	declare.go   declares a topology once
//	watch.go     restores what is deleted, and follows a topology that changes
//	repair.go    one look: what is missing is declared
//	bindings.go  finds missing bindings through the management API
//	marks.go     remembers on the broker which producers must still be asked
//	wishes.go    asks the producers
package keeper
