// Package store is a service's database: its state and, in the same transaction, its outbox.
//
// A service that changes its state and then publishes an event can die in between, and nobody ever hears of the
// change; the other way round, everybody hears of a change that never was. So the event is a row in the same
// transaction ([Tx.Publish]), and a relay ([DB.Relay]) sends it afterwards, as often as it takes.
package store
