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

// Config identifies the service that emits telemetry. Exporters, endpoints, sampler, batch sizes, propagators and further
// resource attributes come from the standard OTEL_* variables.
type Config struct {
	// Service is service.name. OTEL_SERVICE_NAME overrides it unless Shared is set.
	Service string
	// Version is service.version.
	Version string
	// Shared is set if several services run in this process, each with its own Telemetry. OTEL_SERVICE_NAME is then
	// ignored: it would give all of them one name.
	Shared bool
	// Memory, if not nil, receives every span. Nothing is exported over the network then.
	Memory *Memory
	// LogOutput receives log lines. Nil means standard output.
	LogOutput io.Writer
	// LogLevel is the lowest level that is logged. The zero value is debug.
	LogLevel zerolog.Level
}

// Telemetry holds the providers and the logger of one service. Except for the error handler it sets no globals, so several
// can exist in one process.
type Telemetry struct {
	// Service is the service.name in use.
	Service string
	// TracerProvider returns the tracers of this service.
	TracerProvider trace.TracerProvider
	// MeterProvider returns the meters of this service.
	MeterProvider metric.MeterProvider
	// Propagator propagates trace context and baggage over HTTP and messages.
	Propagator propagation.TextMapPropagator
	// Log writes structured lines. An event with a context has trace_id and span_id.
	Log zerolog.Logger

	report   *reporter
	shutdown []func(context.Context) error
}

// Start builds the providers of one service. It does not wait for the Collector: spans stay in a bounded queue until the
// Collector answers. If an OTEL_* variable is wrong, Start returns the error of [CheckEnvironment].
//
// With OTEL_SDK_DISABLED=true the providers record nothing.
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

// startSignals starts metrics, logs and traces. They stop in reverse order, so that the metrics count what was lost of the
// others, and the log reports the end of the traces.
func (t *Telemetry) startSignals(ctx context.Context, cfg Config, res *resource.Resource) error {
	if cfg.Memory != nil { // spans only
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

// Flush exports the spans that have ended, and the metrics. It returns when that is done or ctx ends.
func (t *Telemetry) Flush(ctx context.Context) error {
	var errs []error
	for _, provider := range []any{t.TracerProvider, t.MeterProvider} {
		if flusher, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
			errs = append(errs, flusher.ForceFlush(ctx))
		}
	}
	return errors.Join(errs...)
}

// Shutdown flushes the queues and stops the providers in reverse order. ctx needs a deadline of its own: the context that
// stopped the service is already done.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var errs []error
	for _, v := range slices.Backward(t.shutdown) {
		errs = append(errs, v(ctx))
	}
	t.shutdown = nil
	return errors.Join(errs...)
}

// newResource returns the resource of the service. OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME override the values of cfg.
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
	return resource.NewWithAttributes(res.SchemaURL(), guard{longestText}.attributes(res.Attributes())...), nil
}

// useLoopbackCollector sets the default endpoint: the Collector on this machine without TLS, as the specification says. The
// Go exporters would use TLS.
func useLoopbackCollector() {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	if os.Getenv(endpoint) == "" { // the specification treats empty as unset
		protocol := os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
		if protocol == "grpc" {
			_ = os.Setenv(endpoint, "http://127.0.0.1:4317")
			return
		}
		_ = os.Setenv(endpoint, "http://127.0.0.1:4318")
	}
}
