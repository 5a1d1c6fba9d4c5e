package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/scenario"
)

func newScenarioShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print the page of a scenario: the idea, what to do, what to look at",
		Example: "  traceria scenario show transient-error",
		Args:    oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := scenario.Find(args[0])
			if err != nil {
				return usageError{err}
			}
			cmd.Print(s.Page)
			return nil
		},
	}
}
