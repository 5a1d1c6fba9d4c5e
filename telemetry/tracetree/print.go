package tracetree

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// PrintOptions are the options of [Print]. The zero value is right for a file.
type PrintOptions struct {
	// Color adds ANSI colours. Set it for a terminal, unless NO_COLOR is set.
	Color bool
	// Width is the most columns of a line. Longer names and notes are cut. 0 means no limit.
	Width int
	// Database shows each statement, and the statements and times of each transaction. Otherwise several statements under
	// one span are folded into one line.
	Database bool
}

// Print writes a headline and a line for each span: name, service, kind, start (from the start of the first root), duration,
// and notes about errors, waits, attempts and links. Each of several traces has a heading. Print returns the error of w.
func Print(w io.Writer, t *Tree, o PrintOptions) error {
	v := newView(t)
	v.database = o.Database
	traces := t.traces()
	sections := make([][]row, 0, len(traces))
	var all []row
	for _, roots := range traces {
		var rows []row
		for _, root := range roots {
			rows = flatten(rows, v.block(root), "", "", 1)
		}
		sections = append(sections, rows)
		all = append(all, rows...)
	}
	c := canvas{color: o.Color, limit: o.Width, columns: measure(all, o.Width), services: serviceStyles(t)}
	var out bytes.Buffer
	out.WriteString(c.text(bold, headline(t)))
	if len(all) > 0 {
		out.WriteString("\n" + c.header())
	}
	for i, rows := range sections {
		if len(sections) > 1 {
			out.WriteString("\n" + c.text(bold, v.heading(traces[i])))
		}
		for _, r := range rows {
			out.WriteString(c.line(r))
		}
	}
	if legend := legend(all); len(legend) > 0 {
		out.WriteString("\n" + c.text(dim, strings.Join(legend, "\n")))
	}
	return write(w, out.Bytes(), "trace")
}

// write writes a finished text. what names it in the error.
func write(w io.Writer, text []byte, what string) error {
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("print %s: %w", what, err)
	}
	return nil
}

// headline returns the trace, the number of spans, the time from first start to last end, and the services.
func headline(t *Tree) string {
	if len(t.Roots) == 0 {
		return "no spans"
	}
	spans, services, first, last := sum(t.Roots)
	which := "trace " + printable(t.Roots[0].TraceID)
	if n := t.traceCount(); n > 1 {
		which = plural(n, "trace")
	}
	return strings.Join([]string{
		which, plural(spans, "span"), shortDuration(last.Sub(first)),
		plural(len(services), "service") + ": " + strings.Join(services, ", "),
	}, " · ")
}

func (t *Tree) traceCount() int {
	ids := map[TraceID]bool{}
	t.Walk(func(n *Node, _ int) { ids[n.TraceID] = true })
	return len(ids)
}

// heading returns the line above one of several traces.
func (v *view) heading(roots []*Node) string {
	spans, _, first, last := sum(roots)
	parts := []string{"trace " + printable(roots[0].TraceID), plural(spans, "span"), shortDuration(last.Sub(first))}
	if start := v.offset(roots[0]); start != "" {
		parts = append(parts, "starts at "+start)
	}
	return strings.Join(parts, " · ")
}

func sum(roots []*Node) (spans int, services []string, first, last time.Time) {
	(&Tree{Roots: roots}).Walk(func(n *Node, _ int) {
		if spans == 0 || n.Start.Before(first) {
			first = n.Start
		}
		if spans == 0 || n.End().After(last) {
			last = n.End()
		}
		spans++
		services = append(services, printable(n.Service))
	})
	slices.Sort(services)
	return spans, slices.Compact(services), first, last
}

// legend explains the signs in the notes.
func legend(rows []row) (lines []string) {
	for _, sign := range []struct{ begin, text string }{{parentLink, parentLegend}, {workedOut, workedOutLegend}} {
		uses := slices.ContainsFunc(rows, func(r row) bool {
			return slices.ContainsFunc(r.notes, func(n note) bool { return strings.HasPrefix(n.text, sign.begin) })
		})
		if uses {
			lines = append(lines, sign.text)
		}
	}
	return lines
}
