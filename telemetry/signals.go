package telemetry

import (
	"context"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// spanQueue is larger than the specification's 2048, because a burst of orders makes thousands of spans within a second. A
// span takes about 2.5 KB, so a full queue takes 40 MB of the 128 MB that a service has (docker-compose.yml).
const spanQueue = 16384

// recordQueue is the default of the specification.
const recordQueue = 2048

// spanDelay is short, because a person who places an order looks for its trace at once.
const spanDelay = time.Second

func (t *Telemetry) startTraces(ctx context.Context, cfg Config, res *resource.Resource) error {
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(res),
		sdktrace.WithSampler(FollowLinks(samplerFromEnvironment())),
		sdktrace.WithRawSpanLimits(spanLimits()),
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
			batch := sdktrace.NewBatchSpanProcessor(spanExport{exporter, waiting, newGuard()}, batchOptions(waiting.room)...)
			opts = append(opts, sdktrace.WithSpanProcessor(spanBacklog{batch, waiting}))
		}
	}
	provider := sdktrace.NewTracerProvider(opts...)
	t.TracerProvider = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

// batchOptions returns the options of the batch processor. The backlog limits the number of spans. The queue has a few more
// places, because ForceFlush puts a marker into it.
func batchOptions(room int) []sdktrace.BatchSpanProcessorOption {
	const marks = 16
	opts := []sdktrace.BatchSpanProcessorOption{sdktrace.WithMaxQueueSize(room + marks)}
	if os.Getenv("OTEL_BSP_SCHEDULE_DELAY") == "" {
		opts = append(opts, sdktrace.WithBatchTimeout(spanDelay))
	}
	return opts
}

// number returns the value of a variable, which CheckEnvironment has checked, or fallback if it is not set.
func number(name string, fallback int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return fallback
}

// cardinality is the largest number of attribute sets per instrument. Further sets are counted as one. The largest
// instrument has about two hundred.
const cardinality = 1000

// withoutHost removes the Host header's attributes from server metrics: every value that a caller invents would be a time
// series for ever.
var withoutHost = sdkmetric.NewView(sdkmetric.Instrument{Name: "http.server.*"},
	sdkmetric.Stream{AttributeFilter: attribute.NewDenyKeysFilter(semconv.ServerAddressKey, semconv.ServerPortKey)})

func (t *Telemetry) startMetrics(ctx context.Context, res *resource.Resource) error {
	reader, err := newMetricReader(ctx)
	if err != nil {
		return err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithReader(reader),
		sdkmetric.WithView(withoutHost), sdkmetric.WithCardinalityLimit(cardinality))
	t.MeterProvider = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	// Services that share a process all report its memory and goroutines.
	return runtime.Start(runtime.WithMeterProvider(provider))
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
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(recordBacklog{batch, waiting}),
		sdklog.WithAttributeValueLengthLimit(number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", longestText)))
	t.Log = newLogger(cfg, t.Service, provider)
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}
