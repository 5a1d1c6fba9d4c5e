package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/failure"
)

type failureClearOptions struct{ keys []failure.Key }

func newFailureClearCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "clear [KEY]",
		Short:   "Set a key, or all keys, back to the default",
		Example: "  traceria failure clear kitchen.slow\n  traceria failure clear",
		Args:    asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var o failureClearOptions
			for _, arg := range args {
				o.keys = append(o.keys, failure.Key(arg))
			}
			return runFailureClear(cmd, o)
		},
	}
}

func runFailureClear(cmd *cobra.Command, o failureClearOptions) error {
	file, err := flagFile()
	if err != nil {
		return err
	}
	if err := file.Clear(o.keys...); err != nil {
		return settingError(err)
	}
	what := "everything"
	if len(o.keys) > 0 {
		what = string(o.keys[0])
	}
	cmd.Printf("%s is at the default in %s\n", what, file.Path)
	return nil
}
