package main

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/failure"
)

func newFailureCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "failure",
		Short:   "List, show, set and clear failures and experiments",
		GroupID: groupTools,
		Long: `Failures and experiments are switched on while the system runs, in the flag file that its services follow
(TRACERIA_FLAGS). A change acts within a second.`,
		Example: "  traceria failure list\n  traceria failure set kitchen.slow=10s --percent 30\n  traceria failure clear",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(newFailureListCommand(), newFailureShowCommand(), newFailureSetCommand(), newFailureClearCommand())
	return command
}

// systemFlags is the flag file of the system that make up runs in this folder.
const systemFlags = ".run/data/flags.json"

// flagFile is the file that the environment names, or that of the system in this folder, or the user's own.
func flagFile() (failure.File, error) {
	if failure.ByServer() {
		return failure.File{}, usagef("FLAGD_RESOLVER=rpc: a flagd server owns the flags; change them there")
	}
	if os.Getenv("TRACERIA_FLAGS") == "" && os.Getenv("TRACERIA_DATA") == "" {
		if _, err := os.Stat(systemFlags); !errors.Is(err, fs.ErrNotExist) {
			return failure.File{Path: systemFlags}, err
		}
	}
	config, err := configuration()
	return config.Flags, err
}

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
			for _, status := range all {
				cmd.Printf("%-26s %-24s %s\n", status.Key, described(status.Active), status.Title)
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document: a list of {key, kind, title, variants, default, active}")
	return command
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

func newFailureShowCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "show KEY",
		Short: "Say what breaks, what Jaeger shows and how it is found, and what repairs it",
		Args:  asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			entry, err := failure.Lookup(failure.Key(args[0]))
			if err != nil {
				return usageError{err}
			}
			if asJSON {
				return printJSON(cmd, entry)
			}
			targets := make([]string, len(entry.Targets))
			for i, target := range entry.Targets {
				targets[i] = string(target)
			}
			cmd.Printf("%s (%s, %s)\n%s\n\n", entry.Key, entry.Kind, entry.Group, entry.Title)
			for _, line := range [][2]string{
				{"breaks", entry.Breaks}, {"where", entry.Where}, {"variants", strings.Join(entry.Variants, ", ") + " (the first is the default)"},
				{"targets", strings.Join(targets, ", ")}, {"in Jaeger", entry.Jaeger}, {"search", entry.Search}, {"repair", entry.Repair},
			} {
				cmd.Printf("%-10s %s\n", line[0], line[1])
			}
			if entry.Crash {
				cmd.Println("\nIt ends the process: it is off under traceria all and traceria play.")
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return command
}

func newFailureSetCommand() *cobra.Command {
	var s failure.Setting
	command := &cobra.Command{
		Use:   "set KEY[=VARIANT]",
		Short: "Switch a failure or an experiment on, for everyone unless a flag says less",
		Args:  asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"percent", "customer"} {
				if value := cmd.Flag(name); value.Changed && (value.Value.String() == "" || value.Value.String() == "0") {
					return usagef("--%s %q: want 1 to 100, or the id of a customer", name, value.Value)
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
			cmd.Printf("%s is set to %s in %s\n", key, described(&set), file.Path)
			return nil
		},
	}
	command.Flags().IntVar(&s.Percent, "percent", 0, "only for this percentage of the orders, 1 to 100")
	command.Flags().StringVar(&s.Customer, "customer", "", "only for the orders of this customer")
	return command
}

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
			cmd.Printf("%s is back to its default in %s\n", what, file.Path)
			return nil
		},
	}
}

// refusedSetting makes what the user asked for wrongly a usage error.
func refusedSetting(err error) error {
	if errors.Is(err, failure.ErrUnknownKey) || errors.Is(err, failure.ErrUnknownVariant) || errors.Is(err, failure.ErrTarget) {
		return usageError{err}
	}
	return err
}
