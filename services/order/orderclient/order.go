package orderclient

import (
	"encoding/json"
	"time"
)

// Order is what the order service answers to POST /order and GET /order/{id}: the fields that the tools read, and the answer
// as it came.
type Order struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	Status      string `json:"status"`
	TraceID     string `json:"traceId"`
	Links       struct {
		Jaeger string `json:"jaeger"`
	} `json:"links"`
	// Rejection is the kitchen's reason, if it rejected the order.
	Rejection string `json:"rejection"`
	// Timeline is empty in the answer to POST /order.
	Timeline []Entry `json:"timeline"`
	// Raw is the body of the answer.
	Raw json.RawMessage `json:"-"`
}

// Entry is an event in the timeline of an order.
type Entry struct {
	Event   string    `json:"event"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
	Service string    `json:"service"`
}

// Settled reports whether the status is final: delivered or cancelled.
func (o Order) Settled() bool { return o.Status == "delivered" || o.Status == "cancelled" }
