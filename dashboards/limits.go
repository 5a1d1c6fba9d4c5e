package dashboards

// The limits of the alerts in rules/traceria.yml. The panels turn red at the same numbers.
const (
	backlogLimit = 50   // messages that wait in one subscription
	waitLimit    = 2.5  // seconds in a queue, p95
	outboxLimit  = 10   // seconds that the oldest event has waited in an outbox
	missingLimit = 0.05 // share of processed messages without a span
	// lateLimit has no alert: how long an order may take depends on the cooks.
	lateLimit = 10 // seconds from order to delivery, p95
)
