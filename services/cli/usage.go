package cli

import (
	"fmt"
	"strings"

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

// exclusive refuses two of the named flags at once.
func exclusive(cmd *cobra.Command, names ...string) error {
	var set []string
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			set = append(set, "--"+name)
		}
	}
	if len(set) < 2 {
		return nil
	}
	return usagef("%s cannot be used together: want one of them\nsee: %s --help", strings.Join(set, " and "), cmd.CommandPath())
}

// oneArgument wants one argument that is not empty. name is its name in the help text.
func oneArgument(name string) cobra.PositionalArgs {
	return asUsage(func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s is missing", name)
		case len(args) > 1:
			return fmt.Errorf("got %d arguments, want one %s", len(args), name)
		case strings.TrimSpace(args[0]) == "":
			return fmt.Errorf("%s is empty", name)
		}
		return nil
	})
}
