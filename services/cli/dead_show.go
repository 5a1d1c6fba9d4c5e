package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
)

const (
	shownByDefault = 20
	maxShown       = 1000
)

type deadShowOptions struct {
	queue string
	limit int
	json  bool
}

func newDeadShowCommand() *cobra.Command {
	var o deadShowOptions
	cmd := &cobra.Command{
		Use:     "show QUEUE",
		Short:   "Show the dead letters of a subscription: reason, error, attempts, trace and body",
		Long:    "Show the dead letters of a subscription, the oldest first. They stay in their queue.",
		Example: "  traceria dead show kitchen.order-confirmed --limit 1",
		Args:    oneArgument("QUEUE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.queue = args[0]
			return runDeadShow(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "a list of the letters with their bodies; bodyEncoding is text or base64 for a body that is not JSON")
	cmd.Flags().IntVar(&o.limit, "limit", shownByDefault, "number of letters, 1 to "+strconv.Itoa(maxShown))
	return cmd
}

func runDeadShow(cmd *cobra.Command, o deadShowOptions) error {
	if err := checkLimit(o.limit, maxShown); err != nil {
		return err
	}
	s, err := findSubscription(o.queue)
	if err != nil {
		return err
	}
	return withBroker(cmd, func(conn *wire.Connection, _ host.Config) error {
		letters, err := broker.ShowDead(cmd.Context(), conn, s, o.limit)
		if err != nil {
			return pizzeria.ExplainMissing(s, err)
		}
		if o.json {
			return printJSON(cmd, pizzeria.WithBodies(letters))
		}
		for _, letter := range letters {
			printLetter(cmd, letter)
		}
		if len(letters) == 0 {
			cmd.Printf("%s has no dead letters\n", s.Queue())
		}
		return nil
	})
}

func printLetter(cmd *cobra.Command, l broker.Letter) {
	cmd.Println(oneLine(fmt.Sprintf("%s %s  message %s", l.Event, l.Version, l.MessageID)))
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
			cmd.Printf("  %-11s %s\n", line.name, oneLine(line.value))
		}
	}
	cmd.Printf("  %-11s %s\n\n", "body", strings.ReplaceAll(shortened(printable(l.Indented())), "\n", "\n  "))
}

// stamp is a time in RFC 3339, or "".
func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339Nano)
}

// shortened is a body of at most maxBody bytes.
func shortened(body string) string {
	const maxBody = 4000
	if len(body) <= maxBody {
		return body
	}
	return strings.ToValidUTF8(body[:maxBody], "") + "…\n(cut: --json prints all of it)"
}
