package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a command line that is not allowed.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// asUsage makes a wrong number of arguments, or an unknown command, a usage error.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w\nsee: %s --help", err, cmd.CommandPath())
		}
		return nil
	}
}
