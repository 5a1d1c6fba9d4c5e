package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a wrong command line. It gives exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// asUsage turns the errors of check into usage errors.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w\nsee: %s --help", err, cmd.CommandPath())
		}
		return nil
	}
}

// showHelp is the run function of a command that only has subcommands.
func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }
