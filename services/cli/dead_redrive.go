package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/services/topology"
	"traceria/telemetry"
)

const (
	maxRedriven = 1_000_000
	// flushTime bounds the export of the last spans.
	flushTime = 2 * time.Second
)

type deadRedriveOptions struct {
	queue, message string
	limit          int
	json           bool
}

func newDeadRedriveCommand() *cobra.Command {
	var o deadRedriveOptions
	cmd := &cobra.Command{
		Use:   "redrive QUEUE",
		Short: "Send the dead letters of a subscription back to it, with new attempts",
		Long: `Send the dead letters of a subscription back to its queue. No other subscriber gets them. Their attempts begin anew, in
the trace of their first send. An event that was handled in the meantime changes nothing.

With --message only the letters of one message are sent back; traceria dead show prints its id. The others stay in their
sequence.

If another program has read some of the letters, the command waits a moment for them. The exit code is 1 if it sent fewer
letters than there were, or if there is no letter of the message.`,
		Example: `  traceria dead redrive kitchen.order-confirmed
  traceria dead redrive kitchen.order-confirmed --message 0b9e3a52-6f0e-4c58-9d3e-2d7c7a4a9f10.v2`,
		Args: oneArgument("QUEUE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.queue = args[0]
			if err := exclusive(cmd, "message", "limit"); err != nil {
				return err
			}
			if cmd.Flags().Changed("message") && o.message == "" {
				return usagef("--message is empty: want the id of a message; traceria dead show %s prints it", o.queue)
			}
			return runDeadRedrive(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "a list of {messageId, conversationId, traceId}")
	cmd.Flags().StringVar(&o.message, "message", "", "send only the letters with this message id")
	cmd.Flags().IntVar(&o.limit, "limit", maxRedriven, "number of letters, the oldest first, 1 to "+strconv.Itoa(maxRedriven))
	return cmd
}

func runDeadRedrive(cmd *cobra.Command, o deadRedriveOptions) error {
	if err := checkLimit(o.limit, maxRedriven); err != nil {
		return err
	}
	s, err := findSubscription(o.queue)
	if err != nil {
		return err
	}
	return withBroker(cmd, func(conn *wire.Connection, config host.Config) error {
		return withTelemetry(cmd, "traceria", func(tel *telemetry.Telemetry) error {
			return redrive(cmd, conn, broker.Config{URL: config.AMQPURL, Service: "traceria", Telemetry: tel}, s, o)
		})
	})
}

// withTelemetry calls use with an SDK that exports spans of a service.
func withTelemetry(cmd *cobra.Command, service string, use func(*telemetry.Telemetry) error) error {
	tel, err := telemetry.Start(cmd.Context(), telemetry.Config{Service: service, Version: pizzeria.Version(), LogOutput: io.Discard})
	if err != nil {
		return fmt.Errorf("%w: %w", host.ErrConfiguration, err)
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), flushTime)
		defer cancel()
		if err := tel.Shutdown(fresh); err != nil {
			cmd.PrintErrln("the spans of this command are not exported:", err)
		}
	}()
	return use(tel)
}

func redrive(cmd *cobra.Command, conn *wire.Connection, config broker.Config, s topology.Subscription, o deadRedriveOptions) error {
	sent := []broker.Redriven{}
	which := broker.Selection{Most: o.limit, MessageID: o.message}
	left, err := broker.Redrive(cmd.Context(), conn, config, s, which, func(one broker.Redriven) {
		sent = append(sent, one)
		if !o.json {
			cmd.Printf("redriven message %q  conversation %q  trace %s\n", one.MessageID, one.ConversationID, one.TraceID)
		}
	})
	if err == nil && len(sent) == 0 && o.message != "" {
		err = fmt.Errorf("%s has no dead letter of message %q now (dead letters: %d); traceria dead show %[1]s lists them", s.Queue(), o.message, left)
	}
	if left > 0 && o.message == "" {
		cmd.PrintErrf("%s has %s now: beyond --limit, dead again, or new\n", s.Queue(), host.Plural(left, "dead letter", "dead letters"))
	}
	if o.json {
		return errors.Join(pizzeria.ExplainMissing(s, err), printJSON(cmd, sent))
	}
	if err == nil && len(sent) == 0 {
		cmd.Printf("%s has no dead letters that can be read now\n", s.Queue())
	}
	return pizzeria.ExplainMissing(s, err)
}
