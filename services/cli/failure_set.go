package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

func newFailureSetCommand() *cobra.Command {
	var s failure.Setting
	command := &cobra.Command{
		Use:   "set KEY[=VARIANT]",
		Short: "Switch a failure or an experiment on, for everyone unless a flag says less",
		Long: `Switch a failure or an experiment on, for everyone unless a flag says less. A key without a variant takes its first one;
what it had before is replaced. For one order only: traceria buy --failure KEY.`,
		Example: "  traceria failure set kitchen.slow\n  traceria failure set kitchen.slow=10s --percent 30\n  traceria failure set event.format=cloudevents",
		Args:    asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"percent", "customer"} {
				if value := cmd.Flag(name); value.Changed && (value.Value.String() == "" || value.Value.String() == "0") {
					return usagef("--%s %q: want %s", name, value.Value, map[string]string{"percent": "1 to 100", "customer": "the id of a customer"}[name])
				}
			}
			key, variant, named := strings.Cut(args[0], "=")
			if named && variant == "" {
				return usagef("%s: want a variant behind the =", args[0])
			}
			file, err := flagFile()
			if err != nil {
				return err
			}
			s.Variant = variant
			set, err := file.Set(failure.Key(key), s)
			if err != nil {
				return refusedSetting(err)
			}
			if set.Active == nil {
				cmd.Printf("%s is at its default, %s, in %s\n", key, set.Default, file.Path)
				return nil
			}
			cmd.Printf("%s is set to %s in %s\n", key, described(set.Active), file.Path)
			if entry, err := failure.Lookup(set.Key); err == nil && entry.Crash {
				cmd.PrintErrln(endsTheProcess)
			}
			return nil
		},
	}
	command.Flags().IntVar(&s.Percent, "percent", 0, "only for this percentage of the orders, 1 to 100")
	command.Flags().StringVar(&s.Customer, "customer", "", "only for the orders of this customer")
	return command
}

// refusedSetting makes what the user asked for wrongly a usage error.
func refusedSetting(err error) error {
	if errors.Is(err, failure.ErrUnknownKey) || errors.Is(err, failure.ErrUnknownVariant) || errors.Is(err, failure.ErrTarget) {
		return usageError{err}
	}
	return err
}
