package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

type traceOptions struct {
	subject, against     string
	json, database       bool
	why, mermaid, follow bool
	wait, timeout        time.Duration
}

func newTraceCommand() *cobra.Command {
	var o traceOptions
	cmd := &cobra.Command{
		Use:     "trace ORDER|TRACE",
		Short:   "Print the trace tree of an order, read from Jaeger",
		GroupID: groupTools,
		Long: `Print the trace tree of an order or of a trace, read from Jaeger at JAEGER_URL. The argument is one of:

  an order id               every trace of the order
  an order number (ORD17)   the same; the order service at ORDER_URL knows its id
  a trace id                32 hexadecimal digits
  a traceparent             00-TRACE-SPAN-01, also with its header's name
  a link                    http://…/trace/ID of Jaeger, or that of the order: …/order/ID

Traces that a link connects are one tree. The line of a span that begins a trace says so, and a link is shown on both of its
spans. Jaeger shows it on one.

The tree of an unfinished order ends with what should come next and where it is: in a queue, in the hands of its consumer, in
an outbox, a dead letter, or lost. The order service, RabbitMQ and the services are asked for it.

  --why       what the time from the first span to the delivery was spent on: work, database, queues, back-offs, outbox.
              Jaeger's critical path leaves the queues out.
  --against   the difference to another order or trace: what is only in one, and what waited or worked longer
  --mermaid   a sequence diagram, as Mermaid's text
  --follow    the story of an order while it happens; exit code 1 if the order cannot be delivered

Spans arrive a second or two after their work. The command waits until no span is missing, at most for --wait.`,
		Example: `  traceria trace ORD17
  traceria trace ORD17 --why
  traceria trace ORD17 --against ORD18
  traceria trace http://127.0.0.1:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736`,
		Args: oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.subject = args[0]
			if err := errors.Join(exclusive(cmd, "why", "against", "mermaid", "follow", "database"), exclusive(cmd, "mermaid", "json")); err != nil {
				return err
			}
			return runTrace(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "the tree with what is missing, the path of --why, the difference of --against, or the order of --follow")
	flags := cmd.Flags()
	flags.BoolVar(&o.database, "database", false, "show each database span instead of one line for all")
	flags.BoolVar(&o.why, "why", false, "print what the time was spent on")
	flags.StringVar(&o.against, "against", "", "print the difference to this order or trace")
	flags.BoolVar(&o.mermaid, "mermaid", false, "print a sequence diagram")
	flags.BoolVar(&o.follow, "follow", false, "print the story of the order while it happens")
	flags.DurationVar(&o.wait, "wait", 15*time.Second, "how long to wait for missing spans; 0 prints what is there")
	flags.DurationVar(&o.timeout, "timeout", followTime, "the longest time of --follow")
	return cmd
}

func runTrace(cmd *cobra.Command, o traceOptions) error {
	about, err := parseSubject(o.subject)
	if err != nil {
		return err
	}
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	if o.follow {
		return followOrder(cmd, config, about, o)
	}
	tree, err := about.tree(cmd, config, o.wait)
	if err != nil {
		return err
	}
	switch {
	case o.against != "":
		return printAgainst(cmd, config, tree, o)
	case o.why:
		return printWhy(cmd, tree, o)
	case o.mermaid:
		return tracetree.Mermaid(cmd.OutOrStdout(), tree)
	case o.json:
		return printJSON(cmd, treeDocument{tree, about.missing(cmd.Context(), config, tree)})
	default:
		if err := printTree(cmd.OutOrStdout(), tracetree.Join(tree), o.database); err != nil {
			return err
		}
		printMissing(cmd.OutOrStdout(), about.missing(cmd.Context(), config, tree))
		return nil
	}
}

// tree reads the spans of the subject from Jaeger when they are at rest, at most after a time.
func (s subject) tree(cmd *cobra.Command, config host.Config, most time.Duration) (*tracetree.Tree, error) {
	read, err := s.reader(cmd.Context(), config)
	if err != nil {
		return nil, err
	}
	if most > 0 {
		slow := time.AfterFunc(time.Second, func() { cmd.PrintErrf("waiting for missing spans, at most %s\n", most) })
		defer slow.Stop()
	}
	spans, err := tracetree.ReadAtRest(cmd.Context(), read, most)
	if errors.Is(err, tracetree.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w at %s: spans arrive a second or two after their work, and Jaeger forgets old ones", s, tracetree.ErrNotFound, config.JaegerURL)
	}
	if err != nil {
		return nil, err
	}
	return tracetree.Build(spans), nil
}

// reader returns a function that reads the spans of the subject from Jaeger. It asks the order service for the id of an order
// that is known by its number.
func (s subject) reader(ctx context.Context, config host.Config) (func(context.Context) ([]tracetree.Span, error), error) {
	jaeger := tracetree.NewJaeger(config.JaegerURL, nil)
	if s.traceID != "" {
		return func(ctx context.Context) ([]tracetree.Span, error) { return jaeger.Trace(ctx, s.traceID) }, nil
	}
	if s.orderNumber != "" {
		order, err := orderclient.New(config.URLs["order"]).FindNumber(ctx, s.orderNumber)
		if err != nil {
			return nil, err
		}
		s.conversation = order.OrderID
	}
	return func(ctx context.Context) ([]tracetree.Span, error) { return jaeger.Conversation(ctx, s.conversation) }, nil
}

// printTree prints a tree: in colour and cut to the width if w is a terminal.
func printTree(w io.Writer, tree *tracetree.Tree, database bool) error {
	options := printOptions(w)
	options.Database = database
	if err := tracetree.Print(w, tree, options); err != nil {
		return fmt.Errorf("print the tree: %w", err)
	}
	return nil
}

// printOptions returns colours and the width if w is a terminal.
func printOptions(w io.Writer) tracetree.PrintOptions {
	options := tracetree.PrintOptions{Color: coloured(w)}
	if screen := newScreen(w); screen.moves() {
		options.Width = screen.width()
	}
	return options
}
