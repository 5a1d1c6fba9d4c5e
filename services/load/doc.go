// Package load places orders at a planned rate and says what became of them.
//
// [Run] sends each order at its time, whether the orders before were answered or not, and every latency counts from the time at
// which the order should have been sent. So a system that is slow for a second shows a second in the quantiles, and not one slow
// order (coordinated omission). Package pace has the plan and the loop.
//
// The order service says what became of the orders: [Run] reads them page by page, because a request for each order would be a
// load of its own. The time to delivery is that of OrderDelivered in the timeline. So it does not depend on how often Run looks, and
// it needs a clock that agrees with the one of the delivery service.
//
// A sample of the traces is read from Jaeger after the orders have ended. A trace is complete if no span lacks its parent and
// [journey.FindMissing] misses nothing: the rule of `traceria trace`.
package load
