package telemetry

import (
	"context"
	"os"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A burst of orders makes tens of thousands of spans within a second: the specification's queue of 2048 would
// drop some of them, and a trace with a hole teaches the wrong lesson. One waiting span is about 2 KB.
const spanQueue = 32768

// A second is soon enough for a person who places an order and then looks for its trace.
const spanDelay = time.Second

func (t *Telemetry) startTraces(ctx context.Context, cfg Config, res *resource.Resource) error {
	opts := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(res),
		sdktrace.WithSampler(FollowLinks(samplerFromEnvironment())),
		sdktrace.WithSpanProcessor(conversationProcessor{}),
	}
	if cfg.Memory != nil {
		opts = append(opts, sdktrace.WithSyncer(cfg.Memory))
	} else {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return err
		}
		if !autoexport.IsNoneSpanExporter(exporter) {
			opts = append(opts, sdktrace.WithBatcher(exporter, batchOptions()...))
		}
	}
	provider := sdktrace.NewTracerProvider(opts...)
	t.TracerProvider = provider
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}

// batchOptions gives our defaults where the OTEL_BSP_* variables say nothing.
func batchOptions() []sdktrace.BatchSpanProcessorOption {
	var opts []sdktrace.BatchSpanProcessorOption
	if os.Getenv("OTEL_BSP_MAX_QUEUE_SIZE") == "" {
		opts = append(opts, sdktrace.WithMaxQueueSize(spanQueue))
	}
	if os.Getenv("OTEL_BSP_SCHEDULE_DELAY") == "" {
		opts = append(opts, sdktrace.WithBatchTimeout(spanDelay))
	}
	return opts
}

func (t *Telemetry) startMetrics(ctx context.Context, res *resource.Resource) error {
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithReader(reader))
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
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	t.Log = newLogger(cfg, t.Service, provider)
	t.shutdown = append(t.shutdown, provider.Shutdown)
	return nil
}
