package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

type failureShowOptions struct {
	key  failure.Key
	json bool
}

func newFailureShowCommand() *cobra.Command {
	var o failureShowOptions
	cmd := &cobra.Command{
		Use:     "show KEY",
		Short:   "Show what a key breaks, how to find it in Jaeger, and what repairs it",
		Example: "  traceria failure show kitchen.poison",
		Args:    oneArgument("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.key = failure.Key(args[0])
			return runFailureShow(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "the entry of the catalogue")
	return cmd
}

func runFailureShow(cmd *cobra.Command, o failureShowOptions) error {
	entry, err := failure.Lookup(o.key)
	if err != nil {
		return usageError{err}
	}
	if o.json {
		return printJSON(cmd, entry)
	}
	cmd.Printf("%s (%s, %s)\n%s\n\n", entry.Key, entry.Kind, entry.Group, entry.Title)
	for _, line := range [][2]string{
		{"breaks", entry.Breaks},
		{"where", entry.Where},
		{"variants", strings.Join(entry.Variants, ", ") + " (the first is the default)"},
		{"targets", entry.TargetNames()},
		{"in Jaeger", entry.Jaeger},
		{"search", entry.Search},
		{"repair", entry.Repair},
	} {
		cmd.Printf("%-10s %s\n", line[0], line[1])
	}
	if entry.Crash {
		cmd.Println("\n" + crashNote)
	}
	return nil
}
