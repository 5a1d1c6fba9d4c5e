package dashboards

import (
	"fmt"
	"strings"
)

// Labels and selectors that many queries use.
const (
	// subscription is the label of the services' metrics with the queue's name.
	subscription = "messaging_destination_subscription_name"
	// chosen selects the services' metrics of the chosen subscriptions.
	chosen = subscription + `=~"$subscription"`
	// chosenQueue selects RabbitMQ's metrics of their queues. A retry or dead-letter queue has one more part in its name.
	chosenQueue = `queue=~"$subscription", ` + subscriptions
	// subscriptions selects the queues with messages for consumers. traceria.full is part of a failure and takes none.
	subscriptions = `queue=~"[^.]+[.][^.]+", queue!="traceria.full"`
	// deadQueues selects the dead-letter queues of all subscriptions.
	deadQueues = `queue=~".+[.]dead"`
	// inInterval is the window of a rate in a graph.
	inInterval = `[$__rate_interval]`
)

// quantile is the quantile q of a histogram, for each value of the labels by.
func quantile(q float64, histogram, selector string, by ...string) string {
	return fmt.Sprintf("histogram_quantile(%g, sum by (%s) (rate(%s_bucket{%s}%s)))", q, strings.Join(append(by, "le"), ", "), histogram, selector, inInterval)
}

// quantiles are p50, p95 and p99. The exemplars of the first query are those of all.
func quantiles(histogram, selector string) []query {
	return []query{
		{expr: quantile(0.5, histogram, selector), legend: "p50", exemplars: true},
		{expr: quantile(0.95, histogram, selector), legend: "p95"},
		{expr: quantile(0.99, histogram, selector), legend: "p99"},
	}
}

// rate is events per second, for each value of the labels by.
func rate(counter, selector string, by ...string) string {
	return fmt.Sprintf("sum%s (rate(%s{%s}%s))", grouped(by), counter, selector, inInterval)
}

// grouped is the clause of an aggregation.
func grouped(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return " by (" + strings.Join(by, ", ") + ")"
}

// known leaves out NaN, which a quantile is while nothing happens.
func known(expr string) string { return expr + " >= 0" }

// share is a part of a whole. It is 0 while the whole is 0.
func share(part, whole string) string { return fmt.Sprintf("%s / (%s > 0) or vector(0)", part, whole) }

// orZero makes 0 of a counter that does not exist before its first event.
func orZero(expr string) string { return expr + " or vector(0)" }

// asSubscription renames RabbitMQ's label queue, so that its answers join those of the services.
func asSubscription(expr string) string {
	return fmt.Sprintf(`label_replace(%s, "%s", "$1", "queue", "(.*)")`, expr, subscription)
}

// The queries that more than one panel or alert asks.
var (
	waiting = asSubscription(ready)
	ready   = `sum by (queue) (rabbitmq_queue_messages_ready{` + chosenQueue + `})`
	dead    = `sum by (queue) (rabbitmq_queue_messages_ready{` + deadQueues + `})`
	outRate = rate("messaging_client_consumed_messages_total", chosen, subscription)
	// inRate follows from the balance of the queue, because RabbitMQ 3.10 and 4.3 count arrivals under different names.
	inRate = `clamp_min(` + outRate + ` + on (` + subscription + `) ` +
		asSubscription(`sum by (queue) (deriv(rabbitmq_queue_messages{`+chosenQueue+`}[1m]))`) + `, 0)`
	// drainTime is +Inf if nothing is taken out of a queue with messages.
	drainTime = `(` + waiting + ` > 0) / on (` + subscription + `) group_left () ` + outRate + ` or (` + waiting + ` > 0) * Inf or ` + waiting
	// oldest is the time since the queue was last seen empty: no message in it can be older.
	oldest = `(time() - max by (queue) (max_over_time(timestamp(rabbitmq_queue_messages_ready{` + chosenQueue + `} == 0)[30m:5s]))) * on (queue) (` + ready + ` > bool 0)`
	late   = quantile(0.95, "traceria_order_delivery_duration_seconds", "")
)
