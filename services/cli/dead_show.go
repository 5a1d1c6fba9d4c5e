package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
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
