package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"traceria/services/failure"
	"traceria/services/pizzeria"
)

func newFailureCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "failure",
		Short:   "List, show, set and clear failures and experiments",
		GroupID: groupTools,
		Long: `Switch failures and experiments on and off while the system runs. They are set in the flag file (TRACERIA_FLAGS) that
the services follow. A change takes effect within a second.`,
		Example: "  traceria failure list\n  traceria failure set kitchen.slow=10s --percent 30\n  traceria failure clear",
		Args:    asUsage(cobra.NoArgs),
		RunE:    showHelp,
	}
	cmd.AddCommand(newFailureListCommand(), newFailureShowCommand(), newFailureSetCommand(), newFailureClearCommand())
	return cmd
}

// systemFlags is the flag file of a system that make up runs in this folder.
const systemFlags = ".run/data/flags.json"

// flagFile returns the file that the environment names, else that of the system in this folder, else the user's own.
func flagFile() (failure.File, error) {
	if failure.ByServer() {
		return failure.File{}, usagef("FLAGD_RESOLVER=rpc: a flagd server owns the flags; change them there")
	}
	file := failure.File{Path: systemFlags}
	_, missing := os.Stat(systemFlags)
	if os.Getenv("TRACERIA_FLAGS") != "" || os.Getenv("TRACERIA_DATA") != "" || errors.Is(missing, fs.ErrNotExist) {
		config, err := pizzeria.Configuration()
		if err != nil {
			return failure.File{}, err
		}
		file = config.Flags
	}
	var err error
	file.Path, err = filepath.Abs(file.Path) // what is printed must name one file
	return file, err
}

// settingError turns an unknown or forbidden setting into a usage error.
func settingError(err error) error {
	if errors.Is(err, failure.ErrUnknownKey) || errors.Is(err, failure.ErrUnknownVariant) || errors.Is(err, failure.ErrTarget) {
		return usageError{err}
	}
	return err
}

// crashNote is about keys that end the process. The flag file does not show whether the services share one.
const crashNote = "It ends the process, and a supervisor must start it again: make up and Docker do. Under traceria all it stays off, because " +
	"all services share one process. The console and X-Traceria-Failure refuse it there."
