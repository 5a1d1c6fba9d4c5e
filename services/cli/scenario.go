package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
	"traceria/services/scenario"
)

func newScenarioCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "scenario",
		Short:   "Guided runs that show an idea and check the trace",
		GroupID: groupTools,
		Long: `A scenario sets switches, places orders, reads the traces back from Jaeger, says what to look at, and checks that each
tree is as it must be. Afterwards the switches are as they were before, also after Ctrl-C.`,
		Example: "  traceria scenario list\n  traceria scenario show transient-error\n  traceria scenario run transient-error",
		Args:    asUsage(cobra.NoArgs),
		RunE:    showHelp,
	}
	cmd.AddCommand(newScenarioListCommand(), newScenarioShowCommand(), newScenarioRunCommand(), newScenarioHoldCommand())
	return cmd
}

// runningSystem returns the system that the configuration names.
func runningSystem(cmd *cobra.Command) (scenario.System, error) {
	config, err := pizzeria.Configuration()
	if err != nil {
		return scenario.System{}, err
	}
	flags, err := flagFile()
	if err != nil {
		return scenario.System{}, err
	}
	return pizzeria.RunningSystem(cmd.Context(), config, filepath.Dir(flags.Path)), nil
}
