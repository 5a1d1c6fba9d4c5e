package tracetree

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// leastShare is the smallest share of a line of its own.
	leastShare = 0.01
	barCells   = 20
)

// PrintPath writes a critical path: a line for each step with its share, then the sum of each kind. Steps of less than one
// percent are counted together. Color and Width of o apply. PrintPath returns the error of w.
func PrintPath(w io.Writer, p Path, o PrintOptions) error {
	c := canvas{color: o.Color, limit: o.Width}
	var out bytes.Buffer
	if len(p.Steps) == 0 {
		out.WriteString("no spans\n")
	} else {
		out.WriteString(c.text(bold, fmt.Sprintf("%s from %s to %s", shortDuration(p.Took), printable(p.From), printable(p.To))))
		out.WriteByte('\n')
		printSteps(&out, c, p)
		out.WriteString("\n" + c.text(bold, p.sums()))
	}
	return write(w, out.Bytes(), "the critical path")
}

func printSteps(out *bytes.Buffer, c canvas, p Path) {
	out.WriteString(c.render([]segment{
		{right("start", 9) + gap + right("took", 9) + gap + right("share", 5) + gap + left("", barCells) + gap + left("kind", 8) + gap + "what", dim},
	}))
	var small time.Duration
	count := 0
	for _, s := range p.byHop() {
		if s.Share < leastShare {
			small += s.Took
			count++
			continue
		}
		bar := strings.Repeat("█", max(1, int(s.Share*barCells+0.5)))
		out.WriteString(c.render([]segment{
			{right("+"+shortDuration(s.Start.Sub(p.Start)), 9), dim},
			{gap + right(shortDuration(s.Took), 9) + gap + right(percent(s.Share), 5) + gap, plain},
			{left(bar, barCells), s.Kind.style()},
			{gap + left(string(s.Kind), 8) + gap + s.text(), plain},
		}))
	}
	if count > 0 {
		share := float64(small) / float64(max(p.Took, 1))
		out.WriteString(c.text(dim, fmt.Sprintf("%s%s%s%s%s%s, shorter than 1 %% each", right("", 9), gap, right(shortDuration(small), 9), gap,
			right(percent(share), 5)+gap+left("", barCells)+gap+left("", 8)+gap, plural(count, "other step"))))
	}
}

// byHop adds up the steps of one kind within one hop: work and database take turns many times.
func (p Path) byHop() []Step {
	var steps []Step
	at := map[string]int{}
	for _, s := range p.Steps {
		same := string(s.Kind)
		if s.hop != nil {
			same += " " + s.hop.TraceID + " " + s.hop.SpanID
		}
		if s.Kind != Work && s.Kind != Database {
			same += " " + s.What
		}
		i, known := at[same]
		if !known {
			at[same] = len(steps)
			if s.hop != nil && s.Kind == Work {
				s.What = printable(s.hop.Name)
			}
			steps = append(steps, s)
			continue
		}
		if s.Kind == Database && steps[i].What != s.What {
			steps[i].What = cmp.Or(strings.TrimSuffix(steps[i].What, ", …"), s.What) + ", …"
		}
		steps[i].Took += s.Took
		steps[i].Share += s.Share
		steps[i].Error = cmp.Or(steps[i].Error, s.Error)
	}
	return steps
}

// text names the place of a step, and the failure that made it necessary.
func (s Step) text() string {
	failure := ""
	if s.Error != "" {
		failure = " (" + s.Error + ")"
	}
	switch s.Kind {
	case Wait:
		return s.What + ", until " + printable(s.Service) + " took it"
	case BackOff:
		return s.What + ", after " + ordinal(s.Attempt) + failure
	case DeadWait:
		return s.What + ".dead, until it was redriven" + failure
	case Outbox, Unknown:
		return s.What
	default:
		text := printable(s.Service) + gap + s.What
		if s.Attempt > 1 || s.Error != "" && s.Attempt == 1 {
			text += ", " + ordinal(s.Attempt)
		}
		return text + failure
	}
}

func ordinal(attempt int) string {
	if attempt == 0 {
		return "an attempt"
	}
	return "attempt " + strconv.Itoa(attempt)
}

// style gives waiting the colour of a warning, so that it is seen apart from work.
func (k StepKind) style() style {
	switch k {
	case Wait, Outbox:
		return yellow
	case BackOff, DeadWait, Unknown:
		return red
	default:
		return green
	}
}

// sums returns the share of each kind, the largest first.
func (p Path) sums() string {
	shares := p.Shares()
	kinds := slices.DeleteFunc(slices.Clone(StepKinds), func(k StepKind) bool { return shares[k] == 0 })
	slices.SortStableFunc(kinds, func(a, b StepKind) int { return cmp.Compare(shares[b], shares[a]) })
	parts := make([]string, len(kinds))
	for i, k := range kinds {
		parts[i] = string(k) + " " + percent(shares[k])
	}
	return strings.Join(parts, ", ")
}

// percent rounds a share to a whole number of percent.
func percent(share float64) string {
	if share > 0 && share < 0.005 {
		return "<1 %"
	}
	return strconv.FormatFloat(100*share, 'f', 0, 64) + " %"
}
