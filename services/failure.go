package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

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
			cmd.Printf("%s (%s, %s)\n%s\n\n", entry.Key, entry.Kind, entry.Group, entry.Title)
			for _, line := range [][2]string{
				{"breaks", entry.Breaks},
				{"where", entry.Where},
				{"variants", strings.Join(entry.Variants, ", ") + " (the first is the default)"},
				{"targets", entry.TargetNames()},
				{"in Jaeger", entry.Jaeger},
				{"search", entry.Search},
				{"repair", entry.Repair},
			} {
				cmd.Printf("%-10s %s\n", line[0], line[1])
			}
			if entry.Crash {
				cmd.Println("\n" + endsTheProcess)
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return command
}

// endsTheProcess is what the command line can say: the file does not tell who follows it.
const endsTheProcess = "It ends the process, and a supervisor must start it again: make up and Docker do. Under traceria all it is off, because the " +
	"process is that of every service; the console and X-Traceria-Failure refuse it there."

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

// refusedSetting makes what the user asked for wrongly a usage error.
func refusedSetting(err error) error {
	if errors.Is(err, failure.ErrUnknownKey) || errors.Is(err, failure.ErrUnknownVariant) || errors.Is(err, failure.ErrTarget) {
		return usageError{err}
	}
	return err
}
