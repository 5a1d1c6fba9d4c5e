package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/telemetry/tracetree"
)

// share is the part of a journey's time that one thing took.
type share struct {
	text string
	took time.Duration
}

const (
	// leastShare is the least part of the whole that is worth a word, and mostShares how many are named.
	leastShare = 0.1
	mostShares = 3
)

// late says in a sentence what took the time of a journey, the longest first.
func late(p tracetree.Path) string {
	if p.Took <= 0 || len(p.Steps) == 0 {
		return ""
	}
	var shares []share
	at := map[string]int{}
	for _, step := range p.Steps {
		text := told(step)
		n, known := at[text]
		if !known {
			n = len(shares)
			at[text] = n
			shares = append(shares, share{text: text})
		}
		shares[n].took += step.Took
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.took, a.took) })
	var parts []string
	for n, s := range shares {
		part := float64(s.took) / float64(p.Took)
		if n > 0 && part < leastShare || n == mostShares {
			break
		}
		parts = append(parts, fmt.Sprintf("%s for %s (%.0f %%)", s.text, short(s.took), 100*part))
	}
	return fmt.Sprintf("It took %s: %s.", short(p.Took), strings.Join(parts, ", "))
}

func told(s tracetree.Step) string {
	switch s.Kind {
	case tracetree.Wait:
		return "a message waited in " + s.What
	case tracetree.BackOff:
		return "a message waited in " + s.What + " for its next attempt"
	case tracetree.DeadWait:
		return "a message of " + s.What + " was a dead letter"
	case tracetree.Outbox:
		return "an event waited in the " + s.What
	case tracetree.Database:
		return s.Service + " waited for its database"
	case tracetree.Publish:
		return s.Service + " waited for the broker's confirm"
	case tracetree.Call:
		return s.Service + " waited for an answer"
	case tracetree.Work:
		return s.Service + " worked"
	default:
		return "no span says what happened"
	}
}

// short rounds to three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	default:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	}
}
