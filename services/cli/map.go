package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

type mapOptions struct {
	json, mermaid bool
	since         time.Duration
	limit         int
}

func newMapCommand() *cobra.Command {
	var o mapOptions
	cmd := &cobra.Command{
		Use:     "map",
		Short:   "Print who talks to whom, drawn from the traces in Jaeger",
		GroupID: groupTools,
		Long: `Print who talks to whom, drawn from the traces in Jaeger at JAEGER_URL: which service sends which event through which
queue to which service, how often, and the median and 95th percentile of the wait in the queue and of the work. Links count
as well as parents, so that the map is the same in each trace mode. Jaeger's own graph counts parents and has no queues.

At the end it compares with the contracts: what is declared and was not seen, and what was seen and is not declared.`,
		Example: "  traceria map\n  traceria map --since 5m --mermaid",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runMap(cmd, o) },
	}
	addJSON(cmd, &o.json, "the map, and what is declared or seen only")
	cmd.Flags().BoolVar(&o.mermaid, "mermaid", false, "print a flowchart, as Mermaid's text")
	cmd.Flags().DurationVar(&o.since, "since", time.Hour, "how far back to look for traces")
	cmd.Flags().IntVar(&o.limit, "limit", 200, "the most traces of each service")
	return cmd
}

func runMap(cmd *cobra.Command, o mapOptions) error {
	if err := exclusive(cmd, "mermaid", "json"); err != nil {
		return err
	}
	switch {
	case o.since <= 0:
		return usagef("--since %s: want a time above 0, for example 1h", o.since)
	case o.limit < 1 || o.limit > 10_000:
		return usagef("--limit %d: want 1 to 10000", o.limit)
	}
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	spans, err := recentSpans(cmd.Context(), tracetree.NewJaeger(config.JaegerURL, nil), o)
	if err != nil {
		return err
	}
	found := pizzeria.Compare(tracetree.NewMap(tracetree.Build(spans)), pizzeria.Configured(config))
	switch {
	case o.json:
		return printJSON(cmd, found)
	case o.mermaid:
		return tracetree.MermaidMap(cmd.OutOrStdout(), found.Map)
	}
	if err := tracetree.PrintMap(cmd.OutOrStdout(), found.Map, printOptions(cmd.OutOrStdout())); err != nil {
		return err
	}
	printDeclared(cmd, found)
	return nil
}

// recentSpans reads the latest traces of each service. A trace of several services is read once.
func recentSpans(ctx context.Context, jaeger *tracetree.Jaeger, o mapOptions) ([]tracetree.Span, error) {
	services, err := jaeger.Services(ctx)
	if err != nil {
		return nil, err
	}
	return jaeger.Recent(ctx, services, o.limit, time.Now().Add(-o.since))
}

func printDeclared(cmd *cobra.Command, found pizzeria.SeenMap) {
	for _, list := range []struct {
		title string
		ways  []pizzeria.Way
	}{{"declared, not seen", found.NotSeen}, {"seen, not declared", found.NotDeclared}} {
		if len(list.ways) == 0 {
			continue
		}
		cmd.Printf("\n%s\n", list.title)
		for _, way := range list.ways {
			cmd.Println("  " + strings.TrimSpace(fmt.Sprintf("%s by %s to %s", way.Event, way.From, way.Queue)))
		}
	}
}
