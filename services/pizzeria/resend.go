package pizzeria

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/host"
	"traceria/telemetry"
)

// Resender asks services to publish events again. Each request is a trace of its own. The events keep their traces, where
// their new send spans have traceria.outbox.resent.
type Resender struct {
	host   *host.Host
	tracer trace.Tracer
}

func newResender(config host.Config, tel *telemetry.Telemetry) *Resender {
	return &Resender{&host.Host{Config: config, Telemetry: tel}, tel.TracerProvider.Tracer("traceria/services")}
}

// Ask implements [keeper.Ask].
func (r *Resender) Ask(ctx context.Context, producer string, keys []string, age time.Duration) (int, error) {
	ctx, span := r.tracer.Start(ctx, "resend "+producer, trace.WithNewRoot(), trace.WithAttributes(
		telemetry.KindKey.String(telemetry.Command), attribute.StringSlice("traceria.resend.routing_keys", keys)))
	defer span.End()
	var answer host.Resending
	err := r.host.Ask(ctx, producer, http.MethodPost, host.ResendPath, host.Resend{RoutingKeys: keys, OlderThanMS: age.Milliseconds()}, &answer)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
		span.SetAttributes(semconv.ErrorType(err))
		return 0, err
	}
	span.SetAttributes(attribute.Int("traceria.resend.events", answer.Events))
	return answer.Events, nil
}

// WithResender calls use with a resender whose spans belong to the service "topology".
func WithResender(ctx context.Context, logs io.Writer, config host.Config, use func(*Resender) error) error {
	tel, err := telemetry.Start(ctx, telemetry.Config{
		Service: "topology", Version: Version(), LogOutput: logs, LogLevel: config.LogLevel,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", host.ErrConfiguration, err)
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), resendFlush)
		defer cancel()
		_ = tel.Shutdown(fresh) // a Collector that is away is no failure of the resend
	}()
	return use(newResender(config, tel))
}

// resendFlush bounds the export of the last spans.
const resendFlush = 2 * time.Second
