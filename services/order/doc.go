// Package order accepts orders. It stores an order and its event in one transaction, confirms the order, and builds status and
// timeline from the events of the other services.
package order
