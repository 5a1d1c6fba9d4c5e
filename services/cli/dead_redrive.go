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

func newDeadRedriveCommand() *cobra.Command {
	var asJSON bool
	var limit int
	command := &cobra.Command{
		Use:   "redrive QUEUE",
		Short: "Give the dead letters of a subscription back to it, with new attempts",
		Long: `Give the dead letters of a subscription back to its queue, and to no other subscriber. Their attempts begin
anew, in the trace of their first send. An event that was handled meanwhile changes nothing. Letters that somebody else
has in hand are waited for, shortly; the exit code is 1 when fewer could be taken than were there.`,
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := subscription(args[0], limit, maxRedriven)
			if err != nil {
				return err
			}
			return withBroker(cmd, func(conn *wire.Connection, config host.Config) error {
				return redrive(cmd, conn, config, s, limit, asJSON)
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document: a list of {messageId, conversationId, traceId}")
	command.Flags().IntVar(&limit, "limit", maxRedriven, "how many to give back, the oldest first, 1 to "+strconv.Itoa(maxRedriven))
	return command
}

func redrive(cmd *cobra.Command, conn *wire.Connection, config host.Config, s topology.Subscription, limit int, asJSON bool) error {
	tel, err := telemetry.Start(cmd.Context(), telemetry.Config{Service: "traceria", Version: pizzeria.Version(), LogOutput: io.Discard})
	if err != nil {
		return fmt.Errorf("%w: %w", host.ErrConfiguration, err)
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), 2*time.Second)
		defer cancel()
		if lost := tel.Shutdown(fresh); lost != nil {
			cmd.PrintErrln("the spans of this redrive were not delivered: ", lost)
		}
	}()
	link := broker.Config{URL: config.AMQPURL, Service: "traceria", Telemetry: tel}
	sent := []broker.Redriven{}
	left, failed := broker.Redrive(cmd.Context(), conn, link, s, limit, func(one broker.Redriven) {
		sent = append(sent, one)
		if !asJSON {
			cmd.Printf("redriven message %q  conversation %q  trace %s\n", one.MessageID, one.ConversationID, one.TraceID)
		}
	})
	if left > 0 { // not a result: scripts read those
		cmd.PrintErrf("%s has %d dead letters now: beyond --limit, dead again, or come meanwhile\n", s.Queue(), left)
	}
	if asJSON {
		return errors.Join(absent(s, failed), printJSON(cmd, sent))
	}
	if failed == nil && len(sent) == 0 {
		cmd.Printf("%s has no dead letters that nobody else has in hand\n", s.Queue())
	}
	return absent(s, failed)
}
