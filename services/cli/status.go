package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
	"traceria/services/wait"
)

// lookAgain is the interval at which status --wait looks.
const lookAgain = 300 * time.Millisecond

type statusOptions struct {
	parts      []string
	json, wait bool
	timeout    time.Duration
}

func newStatusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [PART...]",
		Short:   "Print the health and the address of every part",
		GroupID: groupTools,
		Long: `Print the health and the address of every part, or of the named parts. The exit code is 1 if one is not healthy. Prometheus
and Grafana are optional: unless they are named, the exit code does not depend on them.`,
		Example: "  traceria status\n  traceria status kitchen rabbitmq\n  traceria status --wait --timeout 1m",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.parts = args
			return runStatus(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "a list of {name, healthy, address, detail, optional}")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until all are healthy, and print each as it becomes healthy")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait with --wait")
	return cmd
}

func runStatus(cmd *cobra.Command, o statusOptions) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	parts, err := chooseParts(pizzeria.Parts(config), o.parts)
	if err != nil {
		return err
	}
	return printStatus(cmd, parts, o)
}

func chooseParts(all []pizzeria.Part, names []string) ([]pizzeria.Part, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []pizzeria.Part
	for _, name := range names {
		i := slices.IndexFunc(all, func(p pizzeria.Part) bool { return p.Name == name })
		if i < 0 {
			known := make([]string, len(all))
			for j, p := range all {
				known[j] = p.Name
			}
			return nil, usagef("there is no part %q; there are %s", name, strings.Join(known, ", "))
		}
		all[i].Optional = false // it is asked for
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// printStatus looks at the parts once, or with --wait until all are healthy.
func printStatus(cmd *cobra.Command, parts []pizzeria.Part, o statusOptions) error {
	ctx := cmd.Context()
	if o.wait {
		limited, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		ctx = limited
	}
	told := newStatusReport()
	for {
		found := pizzeria.Look(cmd.Context(), parts)
		if o.wait && !o.json {
			told.add(cmd, found)
		}
		if !o.wait || len(unhealthy(found)) == 0 || wait.For(ctx, lookAgain) != nil {
			return told.conclude(cmd, found, o)
		}
	}
}

func unhealthy(found []pizzeria.Health) (names []string) {
	for _, h := range found {
		if h.Missed() {
			names = append(names, h.Name)
		}
	}
	return names
}
