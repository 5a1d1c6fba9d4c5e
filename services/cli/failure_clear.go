package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/failure"
)

func newFailureClearCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clear [KEY]",
		Short: "Put a key back to its default, or all of them",
		Args:  asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := flagFile()
			if err != nil {
				return err
			}
			keys := make([]failure.Key, len(args))
			for i, arg := range args {
				keys[i] = failure.Key(arg)
			}
			if err := file.Clear(keys...); err != nil {
				return refusedSetting(err)
			}
			what := "everything"
			if len(args) > 0 {
				what = args[0]
			}
			cmd.Printf("%s is at the default in %s\n", what, file.Path)
			return nil
		},
	}
}
