package tracetree

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	// leastChange is the smallest difference that PrintDifference shows.
	leastChange = time.Millisecond
	mostChanges = 12
)

// PrintDifference writes what is only in one of two stories (- in the first, + in the second), and where the time went that
// one took longer. Color and Width of o apply. PrintDifference returns the error of w.
func PrintDifference(w io.Writer, d Difference, o PrintOptions) error {
	c := canvas{color: o.Color, limit: o.Width}
	var out bytes.Buffer
	out.WriteString(c.text(bold, fmt.Sprintf("- %s · %s", plural(d.A.Spans, "span"), shortDuration(d.A.Took))))
	out.WriteString(c.text(bold, fmt.Sprintf("+ %s · %s (%s)", plural(d.B.Spans, "span"), shortDuration(d.B.Took), signed(d.B.Took-d.A.Took))))
	printOnly(&out, c, d)
	printChanges(&out, c, d.Changes(leastChange))
	return write(w, out.Bytes(), "the difference")
}

func printOnly(out *bytes.Buffer, c canvas, d Difference) {
	heading := "\nonly in one\n"
	for _, h := range d.Hops {
		sign, style, times := "- ", red, h.A
		switch {
		case h.A != nil && h.B != nil:
			continue
		case h.A == nil:
			sign, style, times = "+ ", green, h.B
		}
		out.WriteString(heading)
		heading = ""
		parts := []string{tookWord + " " + shortDuration(times.Took)}
		if times.Waited > 0 {
			parts = append(parts, waitedWord+" "+shortDuration(times.Waited))
		}
		if times.BackOff > 0 {
			parts = append(parts, string(BackOff)+" "+shortDuration(times.BackOff))
		}
		if h.Attempt > 1 {
			parts = append(parts, ordinal(h.Attempt))
		}
		if times.Error != "" {
			parts = append(parts, "error: "+times.Error)
		}
		out.WriteString(c.render([]segment{
			{sign, style}, {printable(h.Name), style}, {gap + printable(h.Service), plain}, {gap + strings.Join(parts, ", "), dim},
		}))
	}
	if heading != "" {
		out.WriteString("\nboth have the same spans\n")
	}
}

func printChanges(out *bytes.Buffer, c canvas, changes []Change) {
	if len(changes) == 0 {
		fmt.Fprintf(out, "\nno span differs by %s or more\n", shortDuration(leastChange))
		return
	}
	out.WriteString("\nlonger or shorter in the second\n")
	for i, change := range changes {
		if i == mostChanges {
			out.WriteString(c.text(dim, fmt.Sprintf("and %d with a smaller difference", len(changes)-i)))
			break
		}
		by := change.To - change.From
		style := green
		if by > 0 {
			style = yellow
		}
		out.WriteString(c.render([]segment{
			{right(signed(by), 9), style},
			{gap + left(change.What, len(BackOff)) + gap + left(shortDuration(change.From)+" → "+shortDuration(change.To), 19), plain},
			{gap + printable(change.Service) + gap + printable(change.Name), plain},
		}))
	}
}

// signed writes a difference with its sign.
func signed(d time.Duration) string {
	if d > 0 {
		return "+" + shortDuration(d)
	}
	return shortDuration(d)
}
