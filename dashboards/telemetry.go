package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

const (
	accepted = `sum(rate(otelcol_receiver_accepted_spans_total{job="collector",tier!="second"}` + inInterval + `))`
	refused  = `sum(rate(otelcol_receiver_refused_spans_total{job="collector"}` + inInterval + `))`
	toJaeger = `exporter="otlphttp/jaeger"`
	lost     = `sum(rate(otelcol_exporter_send_failed_spans_total{` + toJaeger + `}` + inInterval + `)) or vector(0)`
	full     = `max(otelcol_exporter_queue_size{` + toJaeger + `} / otelcol_exporter_queue_capacity{` + toJaeger + `})`
	lag      = `sum(otelcol_exporter_queue_size{` + toJaeger + `}) / clamp_min(sum(rate(otelcol_exporter_sent_spans_total{` + toJaeger + `}` + inInterval + `)), 0.1)`
	// dropped counts what a service dropped in the last minute. rules/traceria.yml has the same query, and says why it is no increase.
	dropped = `sum by (service_name) (clamp_min(traceria_telemetry_dropped_total - (last_over_time(traceria_telemetry_dropped_total[1h] offset 1m) or 0 * traceria_telemetry_dropped_total), 0))`
	// missing is the share of a service's processed messages for which no process span arrived at the Collector.
	// rules/traceria.yml has the same query, and says why it has two parts.
	processed = `sum by (service_name) (increase(messaging_process_duration_seconds_count[2m]))`
	consumed  = `traces_span_metrics_calls_total{span_kind="SPAN_KIND_CONSUMER"}`
	counted   = `sum by (service_name) (increase(` + consumed + `[2m]))`
	grown     = `sum by (service_name) (` + consumed + `) - (sum by (service_name) (` + consumed + ` offset 2m) or 0 * sum by (service_name) (` + consumed + `))`
	arrived   = `(` + grown + ` > ` + counted + `) or ` + counted + ` or 0 * ` + processed
	missing   = `clamp_min(1 - (` + arrived + `) / (` + processed + ` > 6), 0)`
)

// telemetry answers: can the traces and figures be trusted?
func telemetry() board {
	return board{
		uid: "traceria-telemetry", title: "Telemetry pipeline",
		says: "Can the traces and figures be trusted? Spans from the services through the Collector to Jaeger, and what is lost on the way.",
		rows: []row{
			{title: "Overview", panels: pipelineAtAGlance()},
			{title: "Services: what they lose", panels: emitted()},
			{title: "Collector: what it takes, refuses and passes on", panels: collected()},
			{title: "Jaeger and Prometheus", panels: stored()},
		},
	}
}

func pipelineAtAGlance() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		figure(panel{
			title: "Spans accepted", unit: units.CountsPerSecond, width: 4, steps: plain(),
			says: "Spans a second that the Collector took.",
			red:  "0 while orders are placed: no service reaches the Collector. Look at OTEL_EXPORTER_OTLP_ENDPOINT.",
			asks: []query{{expr: accepted}},
		}),
		figure(panel{
			title: "Spans refused", unit: units.CountsPerSecond, width: 4, steps: above(0.1),
			says: "Spans a second that the Collector refused, because its memory or its queue is full. The services send them again.",
			red:  "the Collector is overloaded or Jaeger is away. Look at *Queue to Jaeger*.",
			asks: []query{{expr: orZero(refused)}},
		}),
		figure(panel{
			title: "Dropped by the services", unit: units.Short, width: 4, steps: above(1),
			says: "Spans and log records that the services dropped in the last 15 minutes, because their buffer was full or an export failed.",
			red:  "traces have holes. The Collector was away too long or is too slow: start it, or raise OTEL_BSP_MAX_QUEUE_SIZE.",
			asks: []query{{expr: `sum(increase(traceria_telemetry_dropped_total[15m]))`}},
		}),
		figure(panel{
			title: "Lost by the Collector", unit: units.CountsPerSecond, width: 4, steps: above(0.1),
			says: "Spans a second that the Collector could not bring to Jaeger and gave up.",
			red:  "Jaeger refuses spans. Look at the Collector's log: it names the reason.",
			asks: []query{{expr: lost}},
		}),
		figure(panel{
			title: "Queue to Jaeger", unit: units.PercentUnit, width: 4, steps: warning(0.2, 0.8),
			says: "How full the Collector's queue is. Full means that new spans are refused.",
			red:  "more than 80%. Jaeger is away or slower than the spans come: look at *Jaeger* below.",
			asks: []query{{expr: full}},
		}),
		figure(panel{
			title: "Lag", unit: units.Seconds, width: 4, steps: warning(2, 10),
			says: "Time that a new span waits in the Collector, at the present rate to Jaeger.",
			red:  "a trace is complete only after 10 s or more. Wait before you conclude that spans are missing.",
			asks: []query{{expr: lag}},
		}),
	}
}

func emitted() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Dropped", unit: units.Short, width: 8, steps: above(1),
			says: "Spans and log records that a service dropped in the last minute, or while the Collector was away.",
			red:  "the alert *TraceriaTelemetryDropped* fires. The buffer of the service was full or an export failed: the Collector is away, or slower than the service.",
			asks: []query{{expr: dropped, legend: "{{service_name}}"}}, links: []link{tracesOfService},
		}),
		graph(panel{
			title: "Processed messages without a span", unit: units.PercentUnit, width: 8, steps: above(missingLimit), max: 1,
			says: "Messages that a service processed, by its counters, against the process spans that arrived. Sampling makes a difference, too.",
			red:  "the alert *TraceriaSpansMissing* fires: a service is not traced, a sampled flag was lost (`trace.lost-sampling`), or OTEL_TRACES_SAMPLER samples a share.",
			asks: []query{{expr: missing, legend: "{{service_name}}"}}, links: []link{tracesOfService, failureBoard},
		}),
		graph(panel{
			title: "Spans by service", unit: units.CountsPerSecond, width: 8,
			says: "Spans a second that arrived, by service.",
			red:  "a service whose line ends while the others go on: it is down, or its export fails.",
			asks: []query{{expr: rate(calls, "", "service_name"), legend: "{{service_name}}"}}, links: []link{tracesOfService},
		}),
	}
}

func collected() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Accepted and refused", unit: units.CountsPerSecond, width: 8,
			says: "Spans a second at the Collector's door.",
			red:  "refused above 0: look at *Queue to Jaeger* and *Memory of the Collector*.",
			asks: []query{{expr: accepted, legend: "accepted"}, {expr: orZero(refused), legend: "refused"}},
		}),
		graph(panel{
			title: "Sent by exporter", unit: units.CountsPerSecond, width: 8,
			says: "Spans a second that left the Collector: to Jaeger, and to the console.",
			red:  "the line to Jaeger below *Accepted and refused* for long: the queue fills. If the Collector samples, it is always below.",
			asks: []query{{expr: `sum by (exporter) (rate(otelcol_exporter_sent_spans_total{job="collector"}` + inInterval + `))`, legend: "{{exporter}}"}},
		}),
		graph(panel{
			title: "Failed by exporter", unit: units.CountsPerSecond, width: 8, steps: above(0.1),
			says: "Spans a second that an exporter gave up.",
			red:  "to the console: it is down or slow, and shows less; nothing else is harmed. To Jaeger: spans are lost.",
			asks: []query{{expr: `sum by (exporter) (rate(otelcol_exporter_send_failed_spans_total{job="collector"}` + inInterval + `)) or 0 * sum by (exporter) (rate(otelcol_exporter_sent_spans_total{job="collector"}` + inInterval + `))`, legend: "{{exporter}}"}},
		}),
		graph(panel{
			title: "Queue by exporter", unit: units.PercentUnit, width: 8, steps: above(0.8), max: 1,
			says: "How full each sending queue is.",
			red:  "more than 80%. The receiver of this exporter is away or slow.",
			asks: []query{{expr: `max by (exporter) (otelcol_exporter_queue_size / otelcol_exporter_queue_capacity)`, legend: "{{exporter}}"}},
		}),
		graph(panel{
			title: "Memory of the Collector", unit: units.BytesIEC, width: 8, steps: above(250 << 20),
			says: "Memory of the Collector; on two tiers, of the one that uses most. By default its memory limiter refuses data from 150 MiB on.",
			red:  "the Collector is near COLLECTOR_MEMORY_MIB. Look at *Queue by exporter*: spans that wait take memory.",
			asks: []query{{expr: `max(otelcol_process_memory_rss_bytes{job="collector"})`, legend: "Collector"}},
		}),
		graph(panel{
			title: "Processor time", unit: units.PercentUnit, width: 8,
			says: "Share of one processor that the Collector and Jaeger use.",
			red:  "near 100%: it is the bottleneck. Sampling in the Collector relieves Jaeger. A second Collector, or OTEL_TRACES_SAMPLER at the services, relieves the Collector.",
			asks: []query{{expr: `sum by (job) (rate(otelcol_process_cpu_seconds_total` + inInterval + `))`, legend: "{{job}}"}},
		}),
	}
}

func stored() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "From the Collector to Jaeger", unit: units.CountsPerSecond, width: 8,
			says: "Spans a second that the Collector sent and that Jaeger accepted. The lines lie on each other.",
			red:  "Jaeger accepts less than was sent: restart it, and look at its log.",
			asks: []query{
				{expr: `sum(rate(otelcol_exporter_sent_spans_total{` + toJaeger + `}` + inInterval + `))`, legend: "sent"},
				{expr: `sum(rate(otelcol_receiver_accepted_spans_total{job="jaeger"}` + inInterval + `))`, legend: "accepted by Jaeger"},
			},
		}),
		states(panel{
			title: "Targets that Prometheus reaches", width: 8, steps: atLeast(1),
			says: "Whether the last scrape of each target succeeded.",
			red:  "the alert *TraceriaTargetDown* fires. The target is down, or its metrics are switched off.",
			asks: []query{{expr: `min by (job) (up)`, legend: "{{job}}"}},
		}),
		graph(panel{
			title: "Series", unit: units.Short, width: 8, steps: above(50000),
			says: "Series that Prometheus holds. Each value of a label is a series.",
			red:  "more than 50,000. An attribute with many values became a label: look for ids in the labels of the metrics that have most series, `topk(10, count by (__name__) ({__name__!=\"\"}))`.",
			asks: []query{{expr: `sum(prometheus_tsdb_head_series)`, legend: "series"}},
		}),
	}
}
