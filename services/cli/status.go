package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

type statusOptions struct {
	json, wait bool
	timeout    time.Duration
}

func newStatusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [PART...]",
		Short:   "Say of every part whether it is healthy, and its address",
		GroupID: groupTools,
		Long:    "Say of every part, or of those that are named, whether it is healthy, and its address.\nThe exit code is 1 when one is not.",
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := pizzeria.Configuration()
			if err != nil {
				return err
			}
			wanted, err := choose(pizzeria.Parts(config), args)
			if err != nil {
				return err
			}
			return status(cmd, wanted, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON document: a list of {name, healthy, address, detail}")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until all are healthy, and say so of each as it comes up")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait with --wait")
	return cmd
}

func choose(all []pizzeria.Part, names []string) ([]pizzeria.Part, error) {
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
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// checkAgain is the interval at which status --wait looks again.
const checkAgain = 300 * time.Millisecond

func status(cmd *cobra.Command, wanted []pizzeria.Part, o statusOptions) error {
	ctx := cmd.Context()
	if o.wait {
		awaited, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		ctx = awaited
	}
	p := newProgress()
	for {
		found := pizzeria.Look(cmd.Context(), wanted)
		sick := slices.ContainsFunc(found, func(h pizzeria.Health) bool { return !h.Healthy })
		if o.wait && !o.json {
			p.tell(cmd, found)
		}
		if !o.wait || !sick || ctx.Err() != nil {
			return conclude(cmd, found, o, p.told)
		}
		select {
		case <-time.After(checkAgain):
		case <-ctx.Done():
		}
	}
}

// progress is what status --wait has told so far.
type progress struct {
	start, last time.Time
	told        map[string]bool
}

func newProgress() *progress {
	return &progress{start: time.Now(), last: time.Now(), told: map[string]bool{}}
}

// tellAgain is how long status --wait says nothing. One look may take 3 s more.
const tellAgain = 1500 * time.Millisecond

// tell prints each part once when it becomes healthy, and from time to time the parts that are waited for.
func (p *progress) tell(cmd *cobra.Command, found []pizzeria.Health) {
	var sick []string
	for _, h := range found {
		switch {
		case !h.Healthy:
			sick = append(sick, h.Name)
		case !p.told[h.Name]:
			p.told[h.Name], p.last = true, time.Now()
			printHealth(cmd, h)
		}
	}
	if len(sick) > 0 && time.Since(p.last) > tellAgain {
		p.last = time.Now()
		cmd.Printf("waiting for %s: %.0f s\n", strings.Join(sick, ", "), time.Since(p.start).Seconds())
	}
}

// conclude prints what was not printed before and fails when a part is not healthy.
func conclude(cmd *cobra.Command, found []pizzeria.Health, o statusOptions, told map[string]bool) error {
	if o.json {
		if err := printJSON(cmd, found); err != nil {
			return err
		}
	}
	var sick []string
	for _, h := range found {
		if !o.json && !told[h.Name] {
			printHealth(cmd, h)
		}
		if !h.Healthy {
			sick = append(sick, h.Name)
		}
	}
	if len(sick) > 0 {
		return fmt.Errorf("not healthy: %s", strings.Join(sick, ", "))
	}
	return nil
}

func printHealth(cmd *cobra.Command, h pizzeria.Health) {
	word := "healthy"
	if !h.Healthy {
		word = "NOT healthy"
	}
	line := fmt.Sprintf("%-10s %-12s %s", h.Name, word, h.Address)
	if h.Detail != "" {
		line += "  " + strings.ReplaceAll(h.Detail, "\n", "; ") // what is joined from several errors has several lines
	}
	cmd.Println(line)
}
