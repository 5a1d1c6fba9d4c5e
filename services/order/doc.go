// Package order takes orders and tells their story: it stores an order together with the event that says so,
// confirms it, and builds its status and timeline from what the other services report.
package order
