package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"traceria/services/failure"
	"traceria/services/pizzeria"
)

func newFailureCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "failure",
		Short:   "List, show, set and clear failures and experiments",
		GroupID: groupTools,
		Long: `Failures and experiments are switched on while the system runs, in the flag file that its services follow
(TRACERIA_FLAGS). A change acts within a second.`,
		Example: "  traceria failure list\n  traceria failure set kitchen.slow=10s --percent 30\n  traceria failure clear",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newFailureListCommand(), newFailureShowCommand(), newFailureSetCommand(), newFailureClearCommand())
	return command
}

// systemFlags is the flag file of the system that make up runs in this folder.
const systemFlags = ".run/data/flags.json"

// flagFile is the file that the environment names, or that of the system in this folder, or the user's own.
func flagFile() (failure.File, error) {
	if failure.ByServer() {
		return failure.File{}, usagef("FLAGD_RESOLVER=rpc: a flagd server owns the flags; change them there")
	}
	if os.Getenv("TRACERIA_FLAGS") == "" && os.Getenv("TRACERIA_DATA") == "" {
		if _, err := os.Stat(systemFlags); !errors.Is(err, fs.ErrNotExist) {
			return failure.File{Path: systemFlags}, err
		}
	}
	config, err := pizzeria.Configuration()
	return config.Flags, err
}
