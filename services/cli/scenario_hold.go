package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// newScenarioHoldCommand is for a run on the host, which cannot see the lock in the volume of the containers.
func newScenarioHoldCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "hold",
		Short:   "Let no run begin until standard input ends",
		Long:    "Let no run of a scenario begin until standard input ends. The first line of the output says that it holds.",
		Example: "  docker compose exec console /traceria scenario hold",
		Hidden:  true,
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runScenarioHold(cmd) },
	}
}

func runScenarioHold(cmd *cobra.Command) error {
	system, err := runningSystem(cmd)
	if err != nil {
		return err
	}
	release, err := system.Hold(cmd.Context())
	if err != nil {
		return err
	}
	defer release()
	cmd.Println("no run begins until standard input ends")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, cmd.InOrStdin())
	}()
	select {
	case <-ended:
	case <-cmd.Context().Done():
	}
	return nil
}
