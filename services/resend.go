package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry"
)

// resender asks producers to publish again what they have published. Each time is a trace of its own: the events go again
// in the traces of what caused them, where their send spans say traceria.outbox.resent.
type resender struct {
	host   *host.Host
	tracer trace.Tracer
}

func newResender(config host.Config, tel *telemetry.Telemetry) *resender {
	return &resender{&host.Host{Config: config, Telemetry: tel}, tel.TracerProvider.Tracer("traceria/services")}
}

// ask implements [keeper.Ask].
func (r *resender) ask(ctx context.Context, producer string, keys []string, age time.Duration) (int, error) {
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

// withResender runs use with a resender that is seen as the service topology.
func withResender(cmd *cobra.Command, config host.Config, use func(*resender) error) error {
	tel, err := telemetry.Start(cmd.Context(), telemetry.Config{
		Service: "topology", Version: buildVersion(), LogOutput: cmd.ErrOrStderr(), LogLevel: config.LogLevel,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", host.ErrConfiguration, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), resendFlush)
		defer cancel()
		_ = tel.Shutdown(ctx) // a Collector that is away is no trouble of the topology's
	}()
	return use(newResender(config, tel))
}

// resendFlush is how long the spans may take to be sent when all is done.
const resendFlush = 2 * time.Second

func newTopologyResendCommand() *cobra.Command {
	var queue string
	cmd := &cobra.Command{
		Use:   "resend",
		Short: "Ask the services to publish again what they published, as far as they still keep it",
		Long: `Ask the services at ORDER_URL, KITCHEN_URL, … to publish again what they published within the last hour
(TRACERIA_OUTBOX_RETENTION), with the same ids: whoever has an event already changes nothing. It is what traceria topology
apply --watch does by itself when a queue was deleted; by hand it repairs what a queue lost while nobody watched.
The exit code is 1 when a service does not answer.`,
		Example: "  traceria topology resend --queue kitchen.order-confirmed",
		Args:    asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := configuration()
			if err != nil {
				return err
			}
			wanted, err := wantedBy(configured(config), queue)
			if err != nil {
				return err
			}
			return withResender(cmd, config, func(r *resender) error { return r.askAll(cmd, wanted) })
		},
	}
	cmd.Flags().StringVar(&queue, "queue", "", "only the events of this subscription, such as kitchen.order-confirmed")
	return cmd
}

// wantedBy are the routing keys of one queue, or of all when it is empty, by producer.
func wantedBy(known topology.Topology, queue string) (map[string][]string, error) {
	if queue == "" {
		return known.Wanted(), nil
	}
	var names []string
	for _, s := range known.Subscriptions {
		if names = append(names, s.Queue()); s.Queue() == queue {
			return topology.Topology{Subscriptions: []topology.Subscription{s}}.Wanted(), nil
		}
	}
	return nil, usagef("there is no queue %q; there are %s", queue, strings.Join(names, ", "))
}

// askAll asks each producer once.
func (r *resender) askAll(cmd *cobra.Command, wanted map[string][]string) error {
	var failed []error
	for _, producer := range slices.Sorted(maps.Keys(wanted)) {
		events, err := r.ask(cmd.Context(), producer, wanted[producer], 0)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		cmd.Printf("%s publishes %d events again\n", producer, events)
	}
	return errors.Join(failed...)
}
