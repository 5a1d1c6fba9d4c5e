package cli

import (
	"context"
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
	subject        string
	json, database bool
	wait           time.Duration
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
  a link                    http://…/trace/ID of Jaeger, or a link of the order: …/order/ID, …/api/journeys/ID

Spans arrive a second or two after their work. The command waits until no span is missing, at most for --wait.`,
		Example: `  traceria trace ORD17
  traceria trace http://127.0.0.1:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736`,
		Args: oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.subject = args[0]
			return runTrace(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "the tree")
	cmd.Flags().BoolVar(&o.database, "database", false, "show each database span instead of one line for all")
	cmd.Flags().DurationVar(&o.wait, "wait", 15*time.Second, "how long to wait for missing spans; 0 prints what is there")
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
	read, err := about.reader(cmd.Context(), config)
	if err != nil {
		return err
	}
	if o.wait > 0 {
		slow := time.AfterFunc(time.Second, func() { cmd.PrintErrf("waiting for missing spans, at most %s\n", o.wait) })
		defer slow.Stop()
	}
	spans, err := tracetree.ReadAtRest(cmd.Context(), read, o.wait)
	if err != nil {
		return err
	}
	tree := tracetree.Build(spans)
	if o.json {
		return printJSON(cmd, tree)
	}
	return printTree(cmd.OutOrStdout(), tree, o.database)
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
	options := tracetree.PrintOptions{Database: database, Color: coloured(w)}
	if screen := newScreen(w); screen.moves() {
		options.Width = screen.width()
	}
	if err := tracetree.Print(w, tree, options); err != nil {
		return fmt.Errorf("print the tree: %w", err)
	}
	return nil
}
