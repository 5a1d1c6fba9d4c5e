package telemetry

import (
	"context"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// A burst of orders makes thousands of spans within a second: the specification's queue of 2048 would drop some of
// them, and a trace with a hole teaches the wrong lesson. One waiting span takes about 2.5 KB, so that all of them are
// 40 MB while the Collector is away: a service has 128 MB (docker-compose.yml).
const spanQueue = 16384

// recordQueue is the specification's.
const recordQueue = 2048

// A second is soon enough for a person who places an order and then looks for its trace.
const spanDelay = time.Second

func (t *Telemetry) startTraces(ctx context.Context, cfg Config, res *resource.Resource) error {
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(res),
		sdktrace.WithSampler(FollowLinks(samplerFromEnvironment())),
		sdktrace.WithSpanProcessor(conversationProcessor{}),
		sdktrace.WithSpanProcessor(clockProcessor{}),
	}
	if cfg.Memory != nil {
		opts = append(opts, sdktrace.WithSyncer(cfg.Memory))
	} else {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return err
		}
		if !autoexport.IsNoneSpanExporter(exporter) {
			waiting := newBacklog("traces", "lost_spans", number("OTEL_BSP_MAX_QUEUE_SIZE", spanQueue), t.report)
			batch := sdktrace.NewBatchSpanProcessor(spanExport{exporter, waiting}, batchOptions(waiting.room)...)
			opts = append(opts, sdktrace.WithSpanProcessor(spanBacklog{batch, waiting}))
		}
	}
	provider := sdktrace.NewTracerProvider(opts...)
	t.TracerProvider = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

// batchOptions gives our defaults where the OTEL_BSP_* variables say nothing. The backlog decides what there is
// room for: the queue has some more, because a ForceFlush puts a mark of its own into it.
func batchOptions(room int) []sdktrace.BatchSpanProcessorOption {
	const marks = 16
	opts := []sdktrace.BatchSpanProcessorOption{sdktrace.WithMaxQueueSize(room + marks)}
	if os.Getenv("OTEL_BSP_SCHEDULE_DELAY") == "" {
		opts = append(opts, sdktrace.WithBatchTimeout(spanDelay))
	}
	return opts
}

// number is a variable that CheckEnvironment has seen.
func number(name string, fallback int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return fallback
}

// cardinality is how many attribute sets an instrument keeps apart; the rest is counted as one. The largest here has
// some two hundred.
const cardinality = 1000

// withoutHost drops from a server's metrics what the caller writes into its Host header: each new one would be a
// time series of its own, for ever.
var withoutHost = sdkmetric.NewView(sdkmetric.Instrument{Name: "http.server.*"},
	sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter(semconv.ServerAddressKey, semconv.ServerPortKey)})

func (t *Telemetry) startMetrics(ctx context.Context, res *resource.Resource) error {
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithReader(reader),
		sdkmetric.WithView(withoutHost), sdkmetric.WithCardinalityLimit(cardinality))
	t.MeterProvider = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

func (t *Telemetry) startLogs(ctx context.Context, cfg Config, res *resource.Resource) error {
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return err
	}
	if autoexport.IsNoneLogExporter(exporter) {
		t.Log = newLogger(cfg, t.Service, nil)
		return nil
	}
	waiting := newBacklog("logs", "lost_log_records", number("OTEL_BLRP_MAX_QUEUE_SIZE", recordQueue), t.report)
	batch := sdklog.NewBatchProcessor(recordExport{exporter, waiting}, sdklog.WithMaxQueueSize(waiting.room))
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(recordBacklog{batch, waiting}))
	t.Log = newLogger(cfg, t.Service, provider)
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}
