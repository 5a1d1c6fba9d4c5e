package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

// traceOptions are the flags of trace.
type traceOptions struct {
	json, database bool
	wait           time.Duration
}

func newTraceCommand() *cobra.Command {
	var o traceOptions
	cmd := &cobra.Command{
		Use:     "trace ID",
		Short:   "Print the tree of an order or a trace, read from Jaeger",
		GroupID: groupTools,
		Long: `Print the tree of an order (its order id: every trace of its conversation) or of a trace (32 hexadecimal
digits), read from Jaeger at JAEGER_URL. Spans arrive a second or two after they ended: the command waits until
the tree is at rest, at most for --wait.`,
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := pizzeria.Configuration()
			if err != nil {
				return err
			}
			jaeger := tracetree.NewJaeger(config.JaegerURL, nil)
			if o.wait > 0 && terminal(os.Stderr) != nil {
				slow := time.AfterFunc(time.Second, func() {
					cmd.PrintErrf("waiting for spans that are on their way, at most %s\n", o.wait)
				})
				defer slow.Stop()
			}
			spans, err := tracetree.ReadAtRest(cmd.Context(), reader(jaeger, args[0]), o.wait)
			if err != nil {
				return err
			}
			tree := tracetree.Build(spans)
			if o.json {
				return printJSON(cmd, tree)
			}
			return printTree(cmd.OutOrStdout(), tree, o.database)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the tree as one JSON document")
	cmd.Flags().BoolVar(&o.database, "database", false, "show each database span instead of folding them")
	cmd.Flags().DurationVar(&o.wait, "wait", 15*time.Second, "how long to wait for spans that are on their way; 0 prints what is there")
	return cmd
}

var traceID = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

func reader(jaeger *tracetree.Jaeger, id string) func(context.Context) ([]tracetree.Span, error) {
	if traceID.MatchString(id) {
		return func(ctx context.Context) ([]tracetree.Span, error) { return jaeger.Trace(ctx, id) }
	}
	return func(ctx context.Context) ([]tracetree.Span, error) { return jaeger.Conversation(ctx, id) }
}

// printTree writes for a person: in colour and within the width when it is a terminal.
func printTree(w io.Writer, tree *tracetree.Tree, database bool) error {
	options := tracetree.PrintOptions{Database: database, Color: coloured(w)}
	if file := terminal(w); file != nil {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			options.Width = width
		}
	}
	if err := tracetree.Print(w, tree, options); err != nil {
		return fmt.Errorf("print the tree: %w", err)
	}
	return nil
}
