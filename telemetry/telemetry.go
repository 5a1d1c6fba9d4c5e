package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Config says who is telling. Everything else (exporters, endpoints, sampler, batch sizes, propagators,
// further resource attributes) comes from the standard OTEL_* variables of the OpenTelemetry specification.
type Config struct {
	// Service becomes service.name. OTEL_SERVICE_NAME overrides it, unless Shared is set.
	Service string
	// Version becomes service.version.
	Version string
	// Shared says that several services live in this process, each with a Telemetry of its own:
	// one OTEL_SERVICE_NAME for all of them would fold them into one, so it is ignored.
	Shared bool
	// Memory, if set, receives every span; nothing is exported over the network then.
	Memory *Memory
	// LogOutput is where log lines go; nil means standard output.
	LogOutput io.Writer
	// LogLevel is the least level that is logged; the zero value is debug.
	LogLevel zerolog.Level
}

// Telemetry is what one service needs to be seen. It sets no globals: several can live in one process.
type Telemetry struct {
	// Service is the service.name in use.
	Service string
	// TracerProvider makes the tracers of this service.
	TracerProvider trace.TracerProvider
	// MeterProvider makes the meters of this service.
	MeterProvider metric.MeterProvider
	// Propagator carries trace context and baggage across HTTP and messages.
	Propagator propagation.TextMapPropagator
	// Log writes structured lines, with trace_id and span_id where the event was given a context.
	Log zerolog.Logger

	report   *reporter
	shutdown []func(context.Context) error
}

// Start builds the providers of one service. It never waits for the Collector: spans are kept in a bounded
// queue until it is there. It fails when an OTEL_* variable is wrong, with the error of [CheckEnvironment].
//
// OTEL_SDK_DISABLED=true gives providers that record nothing, as the specification asks.
func Start(ctx context.Context, cfg Config) (*Telemetry, error) {
	if err := CheckEnvironment(os.LookupEnv); err != nil {
		return nil, err
	}
	useLoopbackCollector()
	t := &Telemetry{Service: cfg.Service, Propagator: autoprop.NewTextMapPropagator(), report: newReporter()}
	res, err := newResource(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if name, ok := res.Set().Value(semconv.ServiceNameKey); ok {
		t.Service = name.AsString()
	}
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		t.TracerProvider, t.MeterProvider = tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider()
		t.Log = newLogger(cfg, t.Service, nil)
		return t, nil
	}
	if err := t.startSignals(ctx, cfg, res); err != nil {
		return nil, errors.Join(err, t.Shutdown(ctx))
	}
	t.report.log = t.Log
	otel.SetErrorHandler(t.report)
	return t, nil
}

// startSignals starts first what is to stop last: the metrics say what was lost of the others, and the logs how the
// traces ended.
func (t *Telemetry) startSignals(ctx context.Context, cfg Config, res *resource.Resource) error {
	if cfg.Memory != nil { // a first look: nothing but spans is wanted
		t.MeterProvider = metricnoop.NewMeterProvider()
		t.Log = newLogger(cfg, t.Service, nil)
		return t.startTraces(ctx, cfg, res)
	}
	if err := t.startMetrics(ctx, res); err != nil {
		return fmt.Errorf("start metrics: %w", err)
	}
	if err := t.startLogs(ctx, cfg, res); err != nil {
		return fmt.Errorf("start logs: %w", err)
	}
	if err := t.startTraces(ctx, cfg, res); err != nil {
		return fmt.Errorf("start traces: %w", err)
	}
	return t.report.countDropped(t.MeterProvider)
}

// Flush exports the spans that have ended, and returns when that is done or ctx ends.
func (t *Telemetry) Flush(ctx context.Context) error {
	if provider, ok := t.TracerProvider.(interface{ ForceFlush(context.Context) error }); ok {
		return provider.ForceFlush(ctx)
	}
	return nil
}

// Shutdown flushes what is still in the queues and stops the providers, the last started first.
// Give it a fresh deadline: the context that told the service to stop is already done.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, v := range slices.Backward(t.shutdown) {
		errs = append(errs, v(ctx))
	}
	t.shutdown = nil
	return errors.Join(errs...)
}

// newResource describes the service. OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win over what the code says.
func newResource(ctx context.Context, cfg Config) (*resource.Resource, error) {
	attrs := []attribute.KeyValue{
		semconv.ServiceName(cfg.Service),
		semconv.ServiceNamespace("traceria"),
		semconv.ServiceInstanceID(uuid.NewString()),
	}
	if cfg.Version != "" {
		attrs = append(attrs, semconv.ServiceVersion(cfg.Version))
	}
	opts := []resource.Option{resource.WithTelemetrySDK(), resource.WithAttributes(attrs...), resource.WithFromEnv()}
	if cfg.Shared {
		opts = append(opts, resource.WithAttributes(semconv.ServiceName(cfg.Service)))
	}
	res, err := resource.New(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return res, nil
}

// useLoopbackCollector makes the Collector on this machine the default, in plain text as the specification
// says (http://localhost:4318); the Go exporters would take TLS.
func useLoopbackCollector() {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	if os.Getenv(endpoint) == "" { // empty is unset, in the specification
		protocol := os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
		if protocol == "grpc" {
			_ = os.Setenv(endpoint, "http://127.0.0.1:4317")
			return
		}
		_ = os.Setenv(endpoint, "http://127.0.0.1:4318")
	}
}
