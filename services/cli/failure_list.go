package cli

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

type failureListOptions struct{ json bool }

func newFailureListCommand() *cobra.Command {
	var o failureListOptions
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List all keys and their settings",
		Example: "  traceria failure list",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runFailureList(cmd, o) },
	}
	addJSON(cmd, &o.json, "a list of {key, kind, title, variants, default, active}")
	return cmd
}

func runFailureList(cmd *cobra.Command, o failureListOptions) error {
	file, err := flagFile()
	if err != nil {
		return err
	}
	all, err := file.List()
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd, all)
	}
	printFailures(cmd, all)
	return nil
}

// printFailures prints the keys by group, in columns. On a terminal the keys that are set are bold.
func printFailures(cmd *cobra.Command, all []failure.Status) {
	keys, settings := 0, 0
	for _, status := range all {
		keys, settings = max(keys, len(status.Key)), max(settings, utf8.RuneCountInString(settingText(status.Active)))
	}
	screen, group := newScreen(cmd.OutOrStdout()), ""
	for _, status := range all {
		if entry, err := failure.Lookup(status.Key); err == nil && entry.Group != group {
			if group != "" {
				cmd.Println()
			}
			group = entry.Group
			cmd.Println(group)
		}
		style := plain
		if status.Active != nil {
			style = bold
		}
		screen.print(style, fmt.Sprintf("  %-*s  %-*s  %s", keys, status.Key, settings, settingText(status.Active), status.Title))
	}
}

// settingText is a setting in a few words, such as: 10s for 30%.
func settingText(s *failure.Setting) string {
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
