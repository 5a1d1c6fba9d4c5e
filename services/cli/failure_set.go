package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

type failureSetOptions struct {
	key     string // KEY or KEY=VARIANT
	setting failure.Setting
}

func newFailureSetCommand() *cobra.Command {
	var o failureSetOptions
	cmd := &cobra.Command{
		Use:   "set KEY[=VARIANT]",
		Short: "Switch a failure or an experiment on",
		Long: `Switch a failure or an experiment on: for everyone, for a percentage of the orders, or for one customer. Without a
variant the key gets its first one. An earlier setting of the key is replaced. For one order only, use:
traceria buy --failure KEY.`,
		Example: "  traceria failure set kitchen.slow\n  traceria failure set kitchen.slow=10s --percent 30\n  traceria failure set event.format=cloudevents",
		Args:    oneArgument("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.key = args[0]
			if err := checkTargets(cmd); err != nil {
				return err
			}
			return runFailureSet(cmd, o)
		},
	}
	cmd.Flags().IntVar(&o.setting.Percent, "percent", 0, "only for this percentage of the orders, 1 to 100")
	cmd.Flags().StringVar(&o.setting.Customer, "customer", "", "only for the orders of this customer")
	return cmd
}

// checkTargets refuses flags that are given without a value: they would mean everyone.
func checkTargets(cmd *cobra.Command) error {
	for _, flag := range []struct{ name, want string }{{"percent", "a whole number from 1 to 100"}, {"customer", "the id of a customer"}} {
		if value := cmd.Flag(flag.name); value.Changed && (value.Value.String() == "" || value.Value.String() == "0") {
			return usagef("--%s %q: want %s", flag.name, value.Value, flag.want)
		}
	}
	return nil
}

func runFailureSet(cmd *cobra.Command, o failureSetOptions) error {
	key, variant, named := strings.Cut(o.key, "=")
	if named && variant == "" {
		return usagef("%s: want a variant behind the =", o.key)
	}
	file, err := flagFile()
	if err != nil {
		return err
	}
	o.setting.Variant = variant
	set, err := file.Set(failure.Key(key), o.setting)
	if err != nil {
		return settingError(err)
	}
	if set.Active == nil {
		cmd.Printf("%s is at its default, %s, in %s\n", key, set.Default, file.Path)
		return nil
	}
	cmd.Printf("%s is set to %s in %s; services that follow this file act on it within a second\n", key, settingText(set.Active), file.Path)
	if entry, err := failure.Lookup(set.Key); err == nil && entry.Crash {
		cmd.PrintErrln(crashNote)
	}
	return nil
}
