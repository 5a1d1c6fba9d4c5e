package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

// tellAgain is the longest silence of status --wait, beside the time of one look (at most 3 s).
const tellAgain = 1500 * time.Millisecond

// statusReport is what status --wait has printed so far.
type statusReport struct {
	start, last time.Time
	printed     map[string]bool
}

func newStatusReport() *statusReport {
	return &statusReport{start: time.Now(), last: time.Now(), printed: map[string]bool{}}
}

// add prints each part once when it becomes healthy, and from time to time the parts that are not.
func (r *statusReport) add(cmd *cobra.Command, found []pizzeria.Health) {
	for _, h := range found {
		if h.Healthy && !r.printed[h.Name] {
			r.printed[h.Name], r.last = true, time.Now()
			printHealth(cmd, h)
		}
	}
	if names := unhealthy(found); len(names) > 0 && time.Since(r.last) > tellAgain {
		r.last = time.Now()
		cmd.Printf("waiting for %s: %.0f s\n", strings.Join(names, ", "), time.Since(r.start).Seconds())
	}
}

// conclude prints the parts that were not printed, and fails if one is not healthy.
func (r *statusReport) conclude(cmd *cobra.Command, found []pizzeria.Health, o statusOptions) error {
	if o.json {
		if err := printJSON(cmd, found); err != nil {
			return err
		}
	}
	for _, h := range found {
		if !o.json && !r.printed[h.Name] {
			printHealth(cmd, h)
		}
	}
	if names := unhealthy(found); len(names) > 0 {
		return fmt.Errorf("not healthy: %s", strings.Join(names, ", "))
	}
	return nil
}

func printHealth(cmd *cobra.Command, h pizzeria.Health) {
	word := "healthy"
	switch {
	case h.Missed():
		word = "NOT healthy"
	case !h.Healthy:
		word = "not running"
	}
	line := fmt.Sprintf("%-10s %-12s %s", h.Name, word, h.Address)
	if h.Detail != "" {
		line += "  " + oneLine(h.Detail)
	}
	cmd.Println(line)
}
