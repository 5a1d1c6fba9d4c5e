package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

const (
	queueWait  = "traceria_queue_wait_seconds"
	workTime   = "messaging_process_duration_seconds"
	settled    = "traceria_message_settled_total"
	ofEach     = "{{" + subscription + "}}"
	ofEachName = "{{queue}}"
)

// messaging answers: which subscription is late, and why?
func messaging() board {
	return board{
		uid: "traceria-messaging", title: "Messaging",
		says:      "Which subscription is late, and why? Rates, waits, work, retries, dead letters and the outbox.",
		variables: []cog.Builder[dashboard.VariableModel]{choice("subscription", "Subscription", "label_values("+queueWait+"_count, "+subscription+")")},
		rows: []row{
			{title: "Overview", panels: queuesAtAGlance()},
			{title: "Subscriptions", panels: eachSubscription()},
			{title: "Rates and backlog", panels: flow()},
			{title: "Wait and work", panels: times()},
			{title: "Retries and dead letters", panels: retries()},
			{title: "Outbox", panels: outbox()},
			{title: "RabbitMQ", closed: true, panels: rabbit()},
		},
	}
}

func queuesAtAGlance() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		figure(panel{
			title: "Waiting messages", unit: units.Short, width: 4, steps: above(backlogLimit),
			says: "Messages that wait in the queues of the chosen subscriptions, without those that a consumer holds.",
			red:  "more than 50 wait. Sort the table below by *Ready*, and compare *In* and *Out* of the first line: add consumers (for the kitchen: cooks), or find what slows the work.",
			asks: []query{{expr: `sum(` + ready + `)`}},
		}),
		figure(panel{
			title: "Oldest message, at most", unit: units.Seconds, width: 4, steps: warning(waitLimit, 10*waitLimit),
			says: "Time since the slowest queue was last seen empty. No message in it can be older.",
			red:  "a queue has not been empty for 25 s. Look at *Oldest message* for the queue, then at its consumers.",
			asks: []query{{expr: `max(` + oldest + `)`}},
		}),
		figure(panel{
			title: "Time to drain", unit: units.Seconds, width: 4, steps: above(60),
			says: "Time in which the slowest subscription empties its queue at the present rate, if nothing more arrives.",
			red:  "it takes more than a minute. +Inf: nothing is consumed at all; look at *Consumers* in the table.",
			asks: []query{{expr: `max(` + drainTime + `)`}},
		}),
		figure(panel{
			title: "Dead letters", unit: units.Short, width: 4, steps: above(1),
			says: "Messages in all dead-letter queues.",
			red:  "at least one message could not be processed. Read it: `traceria dead list`, `traceria dead show`. Repair the cause, then `traceria dead redrive`.",
			asks: []query{{expr: orZero(`sum(` + dead + `)`)}}, links: []link{{"The queues in the console", "${console}/queues"}},
		}),
		figure(panel{
			title: "Without a consumer", unit: units.Short, width: 4, steps: above(1),
			says: "Subscriptions that no process consumes.",
			red:  "a service is down or cannot consume. The table below has 0 in its line; `traceria status` names the reason.",
			asks: []query{{expr: orZero(`count(rabbitmq_queue_consumers{` + subscriptions + `} == 0)`)}}, links: []link{{"The parts of the system", "${console}/parts"}},
		}),
		figure(panel{
			title: "Retried", unit: units.PercentUnit, width: 4, steps: warning(0.01, 0.05),
			says: "Share of settled messages that were sent to a retry queue.",
			red:  "more than 5% fail at least once. Look at *Failed work by error* in *Failures*: error.type names the fault.",
			asks: []query{{expr: share(rate(settled, chosen+`, outcome="retry"`), rate(settled, chosen))}}, links: []link{failureBoard},
		}),
	}
}

func eachSubscription() []cog.Builder[dashboard.Panel] {
	consumers := asSubscription(`sum by (queue) (rabbitmq_queue_consumers{` + chosenQueue + `})`)
	unacked := asSubscription(`sum by (queue) (rabbitmq_queue_messages_unacked{` + chosenQueue + `})`)
	letters := `label_replace(` + dead + `, "` + subscription + `", "$1", "queue", "(.*)[.]dead")`
	only := func(expr string) string { return `sum by (` + subscription + `) (` + expr + `)` } // one label, so that the lines join
	return []cog.Builder[dashboard.Panel]{
		list(panel{
			title: "Subscription", width: 24, steps: above(1),
			says:  "A line for each subscription, now. *In* follows from the balance of the queue.",
			red:   "a cell is past its limit. The links of the name lead to this dashboard for one subscription, and to its queue and dead letters in the console.",
			links: []link{onlyThis, queueOfRow},
		}, subscription,
			column{"In", only(inRate), units.MessagesPerSecond, nil},
			column{"Out", only(outRate), units.MessagesPerSecond, nil},
			column{"Ready", only(waiting), units.Short, above(backlogLimit)},
			column{"Unacked", only(unacked), units.Short, nil},
			column{"Consumers", only(consumers), units.Short, atLeast(1)},
			column{"Wait p95", known(quantile(0.95, queueWait, chosen, subscription)), units.Seconds, above(waitLimit)},
			column{"Work p95", known(quantile(0.95, workTime, chosen, subscription)), units.Seconds, above(1)},
			column{"Drain", only(drainTime), units.Seconds, above(60)},
			column{"Retried", only(rate(settled, chosen+`, outcome="retry"`, subscription)), units.MessagesPerSecond, above(0.05)},
			column{"Dead", only(letters), units.Short, above(1)},
		),
	}
}

func flow() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "In", unit: units.MessagesPerSecond, width: 8,
			says: "Messages a second that arrive in the queue: what was taken out, plus the growth of the queue.",
			red:  "a line that leaves the others: a publisher in a loop, or a redrive.",
			asks: []query{{expr: inRate, legend: ofEach}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Out", unit: units.MessagesPerSecond, width: 8,
			says: "Messages a second that consumers take.",
			red:  "a line that stays below its line in *In*: its backlog grows.",
			asks: []query{{expr: outRate, legend: ofEach}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Sent", unit: units.MessagesPerSecond, width: 8,
			says: "Messages a second that the services publish, by exchange and routing key. An event with two subscribers is one message here and two in *In*.",
			red:  "two versions of one event with different rates: one of them is stuck in an outbox.",
			asks: []query{{expr: rate("messaging_client_sent_messages_total", `error_type=""`, "messaging_destination_name"), legend: "{{messaging_destination_name}}"}},
		}),
		graph(panel{
			title: "Ready", unit: units.Short, width: 8, steps: above(backlogLimit),
			says: "Messages that wait for a consumer.",
			red:  "more than 50 wait. The alert *TraceriaBacklog* fires. Compare *Work* with the rate in: either the work became slow or there are more messages.",
			asks: []query{{expr: waiting, legend: ofEach}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Oldest message, at most", unit: units.Seconds, width: 8, steps: above(10 * waitLimit),
			says: "Time since the queue was last seen empty.",
			red:  "the queue has not been empty for 25 s. If *Out* is 0, restart the consumer; else it needs more of them.",
			asks: []query{{expr: asSubscription(oldest), legend: ofEach}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Time to drain", unit: units.Seconds, width: 8, steps: above(60),
			says: "Ready messages divided by the rate out.",
			red:  "it takes more than a minute. A gap in the line is +Inf: nothing is taken out.",
			asks: []query{{expr: drainTime, legend: ofEach}}, links: []link{queueOfSeries},
		}),
	}
}

func times() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Wait", unit: units.Seconds, width: 12, steps: above(waitLimit),
			says: "Time from the send to the start of the work, for all chosen subscriptions.",
			red:  "p95 is above 2.5 s. Click an exemplar: the trace shows which hop waited, and what its consumer did meanwhile.",
			asks: quantiles(queueWait, chosen),
		}),
		graph(panel{
			title: "Wait by subscription, p95", unit: units.Seconds, width: 12, steps: above(waitLimit),
			says: "19 of 20 messages of a subscription waited at most this long.",
			red:  "more than 2.5 s. The alert *TraceriaWait* fires. If *Work* of the same subscription rose, repair the work; else add consumers.",
			asks: []query{{expr: quantile(0.95, queueWait, chosen, subscription), legend: ofEach}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Work", unit: units.Seconds, width: 12, steps: above(1),
			says: "Duration of the process spans of all chosen subscriptions.",
			red:  "p95 is above 1 s. Click an exemplar: the longest span below the process span is the cause.",
			asks: quantiles(workTime, chosen),
		}),
		graph(panel{
			title: "Work by subscription, p95", unit: units.Seconds, width: 12, steps: above(1),
			says: "19 of 20 messages of a subscription were processed within this time.",
			red:  "it takes more than 1 s. For the kitchen look whether `kitchen.slow` is on.",
			asks: []query{{expr: quantile(0.95, workTime, chosen, subscription), legend: ofEach}}, links: []link{queueOfSeries, failureBoard},
		}),
	}
}

func retries() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		stack(panel{
			title: "Outcomes", unit: units.MessagesPerSecond, width: 8,
			says: "How deliveries ended: ack, retry (after a back-off), requeue (at once) or dead.",
			red:  "an outcome other than ack that lasts. Many requeues in a moment are a retry storm (`retry.storm`).",
			asks: []query{{expr: rate(settled, chosen, "outcome"), legend: "{{outcome}}"}},
		}),
		graph(panel{
			title: "Attempts, mean", unit: units.Short, width: 8, steps: above(1.5),
			says: "The mean number of the attempt. 1 is a subscription without a failure.",
			red:  "every second delivery is a repetition. The fourth attempt is the last one: stop the cause now.",
			asks: []query{{
				expr:   rate("traceria_delivery_attempt_sum", chosen, subscription) + ` / ` + rate("traceria_delivery_attempt_count", chosen, subscription),
				legend: ofEach,
			}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Back-off, p95", unit: units.Seconds, width: 8, steps: above(5),
			says: "The pause before the next attempt. It grows with the attempts: 0.2 s, 1 s, 5 s.",
			red:  "messages have come to the longest back-off. Their next failure is the last one.",
			asks: []query{{expr: quantile(0.95, "traceria_retry_backoff_seconds", chosen, subscription), legend: ofEach}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Dead letters by error", unit: units.Short, width: 8, steps: above(1),
			says: "Messages that were dead-lettered since their service started, by subscription and error. It is no rate, because the first letter of an error has none.",
			red:  "the subscription has given up messages. error.type names the fault; the letter itself has the trace id of the attempt.",
			asks: []query{{expr: `sum by (` + subscription + `, error_type) (traceria_dead_letters_total{` + chosen + `}) > 0`, legend: ofEach + " {{error_type}}"}}, links: []link{queueOfSeries},
		}),
		graph(panel{
			title: "Dead letters that wait", unit: units.Short, width: 8, steps: above(1),
			says: "Messages in each dead-letter queue. They wait for a person.",
			red:  "the alert *TraceriaDeadLetters* fires. `traceria dead list`, repair, `traceria dead redrive`.",
			asks: []query{{expr: dead, legend: ofEachName}}, links: []link{{"The queues in the console", "${console}/queues"}},
		}),
		graph(panel{
			title: "Duplicates", unit: units.MessagesPerSecond, width: 8,
			says: "Messages that the inbox recognised as processed before. A duplicate changes nothing.",
			red:  "a rise without a redelivery: a publisher sends twice (`order.duplicate`), or two versions of an event are consumed.",
			asks: []query{{expr: rate("traceria_inbox_duplicates_total", "", "service_name"), legend: "{{service_name}}"}}, links: []link{tracesOfService},
		}),
	}
}

func outbox() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Waiting in the outbox", unit: units.Short, width: 8, steps: above(backlogLimit),
			says: "Events that are stored with their change and not yet confirmed by RabbitMQ.",
			red:  "events cannot be sent. If every service is red, RabbitMQ is away or blocks; if one is, look whether `outbox.stall` is on or an event is unroutable.",
			asks: []query{{expr: `sum by (service_name) (traceria_outbox_waiting)`, legend: "{{service_name}}"}}, links: []link{tracesOfService, failureBoard},
		}),
		graph(panel{
			title: "Oldest event in the outbox", unit: units.Seconds, width: 8, steps: above(outboxLimit),
			says: "Age of the oldest event that waits in a service's outbox. 0 if none waits.",
			red:  "older than 10 s. The alert *TraceriaOutboxOld* fires. Nothing is lost: the relay sends it when RabbitMQ takes it again.",
			asks: []query{{expr: `max by (service_name) (traceria_outbox_oldest_seconds)`, legend: "{{service_name}}"}}, links: []link{tracesOfService, failureBoard},
		}),
		graph(panel{
			title: "Send to confirm, p95", unit: units.Seconds, width: 8, steps: above(1),
			says:  "Time from publishing to RabbitMQ's confirm.",
			red:   "RabbitMQ takes more than 1 s. Look at its disk and memory below.",
			asks:  []query{{expr: quantile(0.95, "messaging_client_operation_duration_seconds", `messaging_operation_type="send"`, "service_name"), legend: "{{service_name}}", exemplars: true}},
			links: []link{tracesOfService},
		}),
	}
}

func rabbit() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Unacked", unit: units.Short, width: 8,
			says: "Messages that consumers hold.",
			red:  "a line that stays at its prefetch limit while *Out* is 0: its consumer hangs.",
			asks: []query{{expr: `sum by (queue) (rabbitmq_queue_messages_unacked{` + chosenQueue + `})`, legend: ofEachName}},
		}),
		graph(panel{
			title: "Memory of RabbitMQ", unit: units.PercentUnit, width: 8, steps: above(0.8),
			says: "Memory of the broker's process, as a share of the limit past which it blocks publishers.",
			red:  "more than 80%. Empty the queues before RabbitMQ blocks publishers.",
			asks: []query{{expr: `max(rabbitmq_process_resident_memory_bytes / rabbitmq_resident_memory_limit_bytes)`, legend: "memory"}},
		}),
		graph(panel{
			title: "Raft commits", unit: units.CountsPerSecond, width: 8,
			says: "Commands a second that the quorum queues commit. The metric has one name up to RabbitMQ 4.1 and another one since.",
			red:  "0 while messages are sent: the quorum queues do not commit. Look at the log of RabbitMQ.",
			asks: []query{{expr: `sum(rate(rabbitmq_raft_log_commit_index` + inInterval + `)) or sum(rate(rabbitmq_raft_commit_index` + inInterval + `))`, legend: "commands"}},
		}),
	}
}
