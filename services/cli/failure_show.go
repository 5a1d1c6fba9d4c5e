package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

func newFailureShowCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "show KEY",
		Short: "Say what breaks, what Jaeger shows and how it is found, and what repairs it",
		Args:  asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			entry, err := failure.Lookup(failure.Key(args[0]))
			if err != nil {
				return usageError{err}
			}
			if asJSON {
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
				cmd.Println("\n" + endsTheProcess)
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return command
}

// endsTheProcess is what the command line can say: the file does not tell who follows it.
const endsTheProcess = "It ends the process, and a supervisor must start it again: make up and Docker do. Under traceria all it is off, because the " +
	"process is that of every service; the console and X-Traceria-Failure refuse it there."
