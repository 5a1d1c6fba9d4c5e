package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

const (
	active   = `max by (traceria_failure, traceria_failure_variant) (traceria_failure_active)`
	injected = "traceria_failure_injected_total"
	calls    = "traces_span_metrics_calls_total"
)

// failures answers: what is switched on, and what does it do?
func failures() board {
	return board{
		uid: "traceria-failures", title: "Failures",
		says:      "What is switched on, and what does it do? Failures and experiments, and their traces in the figures.",
		variables: []cog.Builder[dashboard.VariableModel]{choice("service", "Service", "label_values("+calls+", service_name)")},
		rows: []row{
			{title: "Overview", panels: failuresAtAGlance()},
			{title: "What is switched on", panels: whatIsOn()},
			{title: "What it did to the work", panels: whatItDid()},
			{title: "What it did to the order", panels: whatItCost()},
			{title: "What it did to the broker's clients", panels: whatItBroke()},
		},
	}
}

func failuresAtAGlance() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		figure(panel{
			title: "Switched on", unit: units.Short, width: 4, steps: above(1),
			says: "Failures and experiments that are set for more than a single order.",
			red:  "something is broken on purpose. `traceria failure list` names it, `traceria failure clear KEY` ends it.",
			asks: []query{{expr: orZero(`sum(` + active + `)`)}}, links: []link{failureBoard},
		}),
		figure(panel{
			title: "Injected in 15 minutes", unit: units.Short, width: 4, steps: above(1),
			says: "Failures that were injected into a request or a message, also those of one order (`X-Traceria-Failure`).",
			red:  "failures happened. *Injected by key* names them, with links to their traces.",
			asks: []query{{expr: orZero(`clamp_min(sum(` + injected + `) - (sum(` + injected + ` offset 15m) or vector(0)), 0)`)}}, links: []link{failureBoard},
		}),
		figure(panel{
			title: "Failed spans", unit: units.PercentUnit, width: 4, steps: warning(0.001, 0.02),
			says: "Share of all spans that ended with an error.",
			red:  "more than 2% fail. If nothing is switched on, this is a real fault: open *Failed spans by service*.",
			asks: []query{{expr: share(rate(calls, `status_code="STATUS_CODE_ERROR"`), rate(calls, ""))}},
		}),
		figure(panel{
			title: "Retries", unit: units.CountsPerMinute, width: 4, steps: above(10),
			says: "Messages a minute that failed and were put into a retry queue.",
			red:  "more than 10 a minute. A retry costs time and hides a fault: find its error.type in *Failed work by error*.",
			asks: []query{{expr: `60 * ` + rate(settled, `outcome="retry"`)}}, links: []link{failureBoard},
		}),
		figure(panel{
			title: "Dead letters", unit: units.Short, width: 4, steps: above(1),
			says: "Messages in all dead-letter queues.",
			red:  "orders stopped on their way. Clear the failure, then `traceria dead redrive`.",
			asks: []query{{expr: orZero(`sum(` + dead + `)`)}}, links: []link{{"The queues in the console", "${console}/queues"}},
		}),
		figure(panel{
			title: "Hung handlers", unit: units.Short, width: 4, steps: above(1),
			says: "Handlers that have neither finished nor failed for too long.",
			red:  "a worker is lost until its process ends. Restart the service: RabbitMQ delivers the message to the next one.",
			asks: []query{{expr: orZero(`sum(traceria_broker_hung)`)}}, links: []link{failureBoard},
		}),
	}
}

func whatIsOn() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		states(panel{
			title: "Switched on", width: 16, steps: above(1),
			says: "When each failure or experiment was on. The same times are annotations on every graph of every dashboard.",
			red:  "it is on. Compare the graphs below inside and outside of the marked time.",
			asks: []query{{expr: active, legend: "{{traceria_failure}}={{traceria_failure_variant}}"}}, links: []link{failureBoard},
		}),
		graph(panel{
			title: "Injected by key", unit: units.Short, width: 8, steps: above(1),
			says:  "Failures since the start of the service that injected them, by key. It is no rate, because a single injection has none.",
			red:   "a line that rises does harm now. Open its traces: the span with traceria.injected=true is where it was injected.",
			asks:  []query{{expr: `sum by (traceria_failure, service_name) (` + injected + `)`, legend: "{{traceria_failure}} ({{service_name}})"}},
			links: []link{tracesOfKey, failureBoard},
		}),
	}
}

func whatItDid() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Failed spans by service", unit: units.PercentUnit, width: 8, steps: above(0.02),
			says: "Share of a service's spans that ended with an error, from the spans themselves.",
			red:  "more than 2% fail. Open the failed spans in Jaeger.",
			asks: []query{{expr: rate(calls, ofService+`, status_code="STATUS_CODE_ERROR"`, "service_name") + ` / ` + rate(calls, ofService, "service_name") +
				` or 0 * ` + rate(calls, ofService, "service_name"), legend: "{{service_name}}"}}, links: []link{tracesOfService},
		}),
		graph(panel{
			title: "Failed work by error", unit: units.CountsPerMinute, width: 8, steps: above(1),
			says:  "Attempts a minute that failed, by subscription and error.type.",
			red:   "work fails. An injected failure has its key as error.type; anything else is real.",
			asks:  []query{{expr: `60 * ` + rate(workTime+"_count", `error_type!=""`, subscription, "service_name", "error_type"), legend: ofEach + " {{error_type}}"}},
			links: []link{failedTraces, queueOfSeries},
		}),
		stack(panel{
			title: "Deliveries that were not acked", unit: units.CountsPerMinute, width: 8,
			says: "Deliveries a minute that were retried, requeued or dead-lettered.",
			red:  "back-off makes a few retries for each message, a retry storm makes a hundred requeues for each within a moment.",
			asks: []query{{expr: `60 * ` + rate(settled, `outcome!="ack"`, "outcome"), legend: "{{outcome}}"}},
		}),
	}
}

func whatItCost() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Time to delivery", unit: units.Seconds, width: 8, steps: above(lateLimit),
			says: "Time from the order to its delivery, as the customer sees it.",
			red:  "p95 is above 10 s. Compare an exemplar inside the marked time with one before it: `traceria trace ID --against OTHER`.",
			asks: quantiles(orderTimes, ""), links: []link{journeys},
		}),
		graph(panel{
			title: "Wait and work, p95", unit: units.Seconds, width: 8, steps: above(waitLimit),
			says: "Whether the time went into the queue or into the work.",
			red:  "wait is above 2.5 s. Work rose as well: repair the work. Only the wait rose: there are too few consumers, or a pause.",
			asks: []query{
				{expr: quantile(0.95, queueWait, ""), legend: "wait", exemplars: true},
				{expr: quantile(0.95, workTime, ""), legend: "work"},
			},
		}),
		graph(panel{
			title: "Answers by status", unit: units.CountsPerMinute, width: 8,
			says:  "HTTP answers a minute, by status.",
			red:   "5xx: a service or something below it fails. 4xx: a client is wrong.",
			asks:  []query{{expr: `60 * ` + rate(httpTimes+"_count", ofService, "service_name", "http_response_status_code"), legend: "{{http_response_status_code}} ({{service_name}})"}},
			links: []link{failedRequests},
		}),
	}
}

func whatItBroke() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Reconnects and blocks", unit: units.CountsPerMinute, width: 8, steps: above(1),
			says: "New connections to RabbitMQ after a lost one, and times in which RabbitMQ blocked publishers.",
			red:  "RabbitMQ was away or is short of memory or disk. Look at `traceria status` and its log.",
			asks: []query{
				{expr: orZero(`60 * ` + rate("traceria_broker_reconnects_total", "")), legend: "reconnects"},
				{expr: orZero(`60 * ` + rate("traceria_broker_blocks_total", "")), legend: "blocks"},
			},
		}),
		graph(panel{
			title: "Outbox", unit: units.Short, width: 8, steps: above(backlogLimit),
			says: "Events that wait until RabbitMQ takes them. They are the reason that an outage loses nothing.",
			red:  "more than 50 wait: RabbitMQ is away, or `outbox.stall` is on.",
			asks: []query{{expr: `sum by (service_name) (traceria_outbox_waiting)`, legend: "{{service_name}}"}}, links: []link{tracesOfService},
		}),
		graph(panel{
			title: "Duplicates", unit: units.CountsPerMinute, width: 8,
			says: "Messages a minute that were delivered again after their work was done. The inbox makes them harmless.",
			red:  "a peak after a crash or a lost connection is normal. A rate that stays is a publisher that sends twice (`order.duplicate`).",
			asks: []query{{expr: `60 * ` + rate("traceria_inbox_duplicates_total", "", "service_name"), legend: "{{service_name}}"}}, links: []link{tracesOfService},
		}),
	}
}
