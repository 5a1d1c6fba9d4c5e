package cli

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

func newFailureListCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "Say what there is, and what is switched on",
		Args:  asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := flagFile()
			if err != nil {
				return err
			}
			all, err := file.List()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, all)
			}
			printFailures(cmd, all)
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document: a list of {key, kind, title, variants, default, active}")
	return command
}

// printFailures prints the list by group, in columns; what is switched on stands out on a terminal.
func printFailures(cmd *cobra.Command, all []failure.Status) {
	keys, settings := 0, 0
	for _, status := range all {
		keys, settings = max(keys, len(status.Key)), max(settings, utf8.RuneCountInString(described(status.Active)))
	}
	colour, group := coloured(cmd.OutOrStdout()), ""
	for _, status := range all {
		if entry, err := failure.Lookup(status.Key); err == nil && entry.Group != group {
			if group != "" {
				cmd.Println()
			}
			group = entry.Group
			cmd.Println(group)
		}
		line := fmt.Sprintf("  %-*s  %-*s  %s", keys, status.Key, settings, described(status.Active), status.Title)
		if status.Active != nil && colour {
			line = "\x1b[1;33m" + line + "\x1b[0m"
		}
		cmd.Println(line)
	}
}

// described is a setting in a few words.
func described(s *failure.Setting) string {
	switch {
	case s == nil:
		return "-"
	case s.Percent > 0:
		return s.Variant + " for " + strconv.Itoa(s.Percent) + "%"
	case s.Customer != "":
		return s.Variant + " for " + strconv.Quote(s.Customer)
	}
	return s.Variant
}
