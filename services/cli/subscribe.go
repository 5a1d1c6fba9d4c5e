package cli

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/keeper"
	"traceria/services/pizzeria"
	"traceria/services/topology"
	"traceria/services/wait"
	"traceria/telemetry"
)

type subscribeOptions struct {
	name, event string
	time        time.Duration
	attached    bool
}

// guestExpiry is how long the queues of a subscriber that was killed stay.
const guestExpiry = time.Minute

func newSubscribeCommand() *cobra.Command {
	var o subscribeOptions
	cmd := &cobra.Command{
		Use:     "subscribe NAME --event KEY",
		Short:   "Join as a new subscriber: no other service changes",
		GroupID: groupTools,
		Long: `Join as a new subscriber with a queue of its own, NAME.EVENT, and print the events that arrive. The events keep their trace: in
Jaeger the spans of the service NAME are in the traces of the orders. The queue is deleted at the end.`,
		Example: "  traceria subscribe newcomer --event order.order-confirmed.v2",
		Args:    oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return runSubscribe(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.event, "event", "", "routing key of the event, for example order.order-confirmed.v2")
	cmd.Flags().BoolVar(&o.attached, "attached", false, "leave when standard input ends, too: docker exec passes no Ctrl-C on")
	cmd.Flags().DurationVar(&o.time, "for", 0, "how long to stay; 0 means until Ctrl-C")
	return cmd
}

// guestName is that of a service that does not exist.
var guestName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (o subscribeOptions) subscription() (s topology.Subscription, err error) {
	services := pizzeria.All()
	taken := slices.ContainsFunc(services, func(one host.Service) bool { return one.Name == o.name })
	if !guestName.MatchString(o.name) || taken {
		return s, usagef("%.80q: want a new name of 1 to 32 small letters, digits or dashes, which no service has", o.name)
	}
	var keys []string
	for _, t := range event.Catalogue {
		if t.RoutingKey() == o.event {
			return topology.Subscription{Subscriber: o.name, Event: t, Versions: []event.Type{t}}, nil
		}
		keys = append(keys, t.RoutingKey())
	}
	return s, usagef("--event %.80q: want one of %s", o.event, strings.Join(keys, ", "))
}

func runSubscribe(cmd *cobra.Command, o subscribeOptions) error {
	s, err := o.subscription()
	if err != nil {
		return err
	}
	if o.time < 0 {
		return usagef("--for %s: want a time above 0, for example 2m", o.time)
	}
	return withBroker(cmd, func(conn *wire.Connection, config host.Config) error {
		return withTelemetry(cmd, o.name, func(tel *telemetry.Telemetry) (err error) {
			guest := s.Guest(guestExpiry)
			if err := keeper.Join(conn, guest); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, leave(cmd.Context(), config, guest)) }()
			return consumeUntil(cmd, broker.Config{URL: config.AMQPURL, Service: o.name, Telemetry: tel}, s, o)
		})
	})
}

// leave deletes the queues over a new connection: Ctrl-C has closed the other one.
func leave(ctx context.Context, config host.Config, guest topology.Layout) error {
	longer, cancel := wait.Longer(ctx, answerTime)
	defer cancel()
	conn, err := wire.Dial(longer, config.AMQPURL, "traceria subscribe")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return keeper.Leave(conn, guest)
}

// consumeUntil consumes until the time is over (0 means no limit) or Ctrl-C.
func consumeUntil(cmd *cobra.Command, config broker.Config, s topology.Subscription, o subscribeOptions) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	if o.attached {
		go func() {
			_, _ = io.Copy(io.Discard, cmd.InOrStdin())
			cancel()
		}()
	}
	if o.time > 0 {
		limited, stop := context.WithTimeout(ctx, o.time)
		defer stop()
		ctx = limited
	}
	subscription := broker.Subscription{Subscription: s, Handle: func(_ context.Context, e event.Envelope) error {
		cmd.Printf("%s  %s %s  conversation %s\n", time.Now().Format(time.TimeOnly), e.Metadata.EventType, e.Metadata.Version, e.Metadata.ConversationID)
		return nil
	}}
	publisher := broker.NewPublisher(config, topology.Topology{}, topology.Topology{})
	consumer, err := broker.NewConsumer(config, []broker.Subscription{subscription}, publisher)
	if err != nil {
		return err
	}
	done := make(chan struct{}, 2)
	go func() { publisher.Run(ctx); done <- struct{}{} }()
	go func() { consumer.Run(ctx); done <- struct{}{} }()
	for consumer.Ready() != nil && wait.For(ctx, subscribePoll) == nil {
	}
	if ctx.Err() == nil {
		cmd.Printf("%s takes %s from the queue %s\n", s.Subscriber, s.Event.RoutingKey(), s.Queue())
	}
	<-done
	<-done
	return nil
}

const subscribePoll = 50 * time.Millisecond
