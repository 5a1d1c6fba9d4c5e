package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry"
)

func newDeadCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "dead",
		Short:   "List, show and redrive dead letters",
		GroupID: groupTools,
		Long: `Dead letters are messages that a subscription could not handle: unreadable, refused for good, or with all
attempts used up. They wait in the queue of that name with .dead behind it until somebody decides about them.`,
		Example: "  traceria dead list\n  traceria dead show kitchen.order-confirmed\n  traceria dead redrive kitchen.order-confirmed",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newDeadListCommand(), newDeadShowCommand(), newDeadRedriveCommand())
	return command
}

func newDeadListCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "Say which subscriptions have dead letters, and how many",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withBroker(cmd, func(conn *wire.Connection, _ host.Config) error {
				counts, err := broker.CountDead(conn, known())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd, counts)
				}
				none := true
				for _, count := range counts {
					if count.Messages > 0 {
						none = false
						cmd.Printf("%-40s %d\n", count.Queue, count.Messages)
					}
				}
				if none {
					cmd.Printf("none of the %d subscriptions has dead letters\n", len(counts))
				}
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document: a list of {queue, messages} with every subscription")
	return command
}

const (
	maxShown    = 1000
	maxRedriven = 1_000_000
)

func newDeadShowCommand() *cobra.Command {
	var asJSON bool
	var limit int
	command := &cobra.Command{
		Use:   "show QUEUE",
		Short: "Show the dead letters of a subscription: why, what, and in which trace",
		Args:  asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := subscription(args[0], limit, maxShown)
			if err != nil {
				return err
			}
			return withBroker(cmd, func(conn *wire.Connection, _ host.Config) error {
				letters, err := broker.ShowDead(cmd.Context(), conn, s, limit)
				if err != nil {
					return absent(s, err)
				}
				if asJSON {
					return printLetters(cmd, letters)
				}
				for _, letter := range letters {
					printLetter(cmd, letter)
				}
				if len(letters) == 0 {
					cmd.Printf("%s has no dead letters\n", s.Queue())
				}
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document: a list of the letters with their bodies; bodyEncoding is text or base64 when a body is not JSON")
	command.Flags().IntVar(&limit, "limit", 20, "how many to show, the oldest first, 1 to "+strconv.Itoa(maxShown))
	return command
}

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
	tel, err := telemetry.Start(cmd.Context(), telemetry.Config{Service: "traceria", Version: buildVersion(), LogOutput: io.Discard})
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

// subscription finds a subscription by its queue, or by the queue of its dead letters.
func subscription(name string, limit, most int) (topology.Subscription, error) {
	if limit < 1 || limit > most {
		return topology.Subscription{}, usagef("--limit %d: want 1 to %d", limit, most)
	}
	all := known().Subscriptions
	i := slices.IndexFunc(all, func(s topology.Subscription) bool { return name == s.Queue() || name == s.DeadQueue() })
	if i < 0 {
		names := make([]string, len(all))
		for j, s := range all {
			names[j] = s.Queue()
		}
		return topology.Subscription{}, usagef("there is no subscription %q; there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

func withBroker(cmd *cobra.Command, use func(*wire.Connection, host.Config) error) error {
	config, err := configuration()
	if err != nil {
		return err
	}
	interrupted := func(err error) error {
		if err != nil && cmd.Context().Err() != nil {
			return fmt.Errorf("interrupted: %w", err)
		}
		return err
	}
	conn, err := wire.Dial(cmd.Context(), config.AMQPURL, "traceria "+cmd.Name())
	if err != nil {
		return interrupted(err) // the library calls it a timeout
	}
	// A broker that is stuck answers nothing, not even a close; Ctrl-C ends the wait for it.
	closeSoon := func() { _ = conn.CloseDeadline(time.Now().Add(time.Second)) }
	defer closeSoon()
	defer context.AfterFunc(cmd.Context(), closeSoon)()
	return interrupted(use(conn, config))
}

// absent explains a queue that is not there.
func absent(s topology.Subscription, err error) error {
	if wire.IsMissing(err) {
		return fmt.Errorf("RabbitMQ has no queue %s: has the system ever run on this broker? (traceria topology apply)", s.DeadQueue())
	}
	return err
}

func printLetter(cmd *cobra.Command, l broker.Letter) {
	cmd.Println(strings.ReplaceAll(printable(fmt.Sprintf("%s %s  message %s", l.Event, l.Version, l.MessageID)), "\n", " "))
	for _, line := range []struct{ name, value string }{
		{"order", l.ConversationID},
		{"reason", l.Reason},
		{"error", l.Error},
		{"attempts", strconv.Itoa(l.Attempts)},
		{"service", l.Service},
		{"first sent", cmp.Or(stamp(l.FirstSentAt), "at an unknown time") + " to " + l.Exchange + ":" + l.RoutingKey},
		{"died", stamp(l.DiedAt)},
		{"trace", l.TraceID},
		{"headers cut", l.HeadersCut},
	} {
		if line.value != "" {
			cmd.Printf("  %-11s %s\n", line.name, strings.ReplaceAll(printable(line.value), "\n", " "))
		}
	}
	cmd.Printf("  %-11s %s\n\n", "body", strings.ReplaceAll(printable(l.Indented()), "\n", "\n  "))
}

func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339Nano)
}

// printable takes out what a terminal would obey: nobody knows who wrote a dead letter.
func printable(text string) string {
	const most = 4000
	text = strings.Map(func(r rune) rune {
		if r != '\n' && !strconv.IsPrint(r) {
			return '�'
		}
		return r
	}, text)
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…\n(cut: --json prints all of it)"
	}
	return text
}

// printLetters adds the body to each letter: as JSON when it is, otherwise as text, and in base64 when it is not text either. bodyEncoding says which.
func printLetters(cmd *cobra.Command, letters []broker.Letter) error {
	type whole struct {
		broker.Letter
		Body any `json:"body"`
		// BodyEncoding is text or base64, and empty for JSON: the text abc and the JSON "abc" are not the same body.
		BodyEncoding string `json:"bodyEncoding,omitempty"`
	}
	all := make([]whole, len(letters))
	for i, letter := range letters {
		all[i] = whole{Letter: letter, Body: string(letter.Body), BodyEncoding: "text"}
		switch {
		case json.Valid(letter.Body) && utf8.Valid(letter.Body):
			all[i].Body, all[i].BodyEncoding = json.RawMessage(letter.Body), ""
		case !utf8.Valid(letter.Body):
			all[i].Body, all[i].BodyEncoding = letter.Body, "base64"
		}
	}
	return printJSON(cmd, all)
}
