package journeys

import (
	"slices"
	"strings"
)

// match returns the rows that a filter lets through, in the same order.
func (s *Store) match(rows []*Row, f Filter) []*Row {
	text := strings.ToLower(f.Text)
	var out []*Row
	for _, row := range rows {
		if f.lets(row, text) {
			out = append(out, row)
		}
	}
	if len(f.Attributes) > 0 {
		out = s.withAttributes(out, f.Attributes)
	}
	return out
}

// lets reports whether a row matches, apart from attributes of spans.
func (f *Filter) lets(r *Row, text string) bool {
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, r.ID) && !common(f.IDs, r.Traces),
		len(f.States) > 0 && !slices.Contains(f.States, r.State),
		len(f.Customers) > 0 && !slices.Contains(f.Customers, r.Customer),
		len(f.Services) > 0 && !common(f.Services, r.Services),
		len(f.Events) > 0 && !common(f.Events, r.Events),
		len(f.Failures) > 0 && !f.failures(r),
		!f.Commands.lets(r),
		len(f.Sources) > 0 && !slices.Contains(f.Sources, r.Source),
		f.MinMS > 0 && r.DurationMS < f.MinMS,
		f.MaxMS > 0 && r.DurationMS > f.MaxMS,
		!f.Since.IsZero() && r.Start.Before(f.Since),
		!f.Until.IsZero() && r.Start.After(f.Until):
		return false
	}
	return text == "" || r.contains(text)
}

func (c Commands) lets(r *Row) bool {
	return c == AnyCommands || r.Command == (c == OnlyCommands)
}

func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(value string) bool { return slices.Contains(b, value) })
}

func (f *Filter) failures(r *Row) bool {
	return slices.ContainsFunc(f.Failures, func(wanted string) bool {
		switch wanted {
		case "any":
			return len(r.Failures) > 0
		case "none":
			return len(r.Failures) == 0
		default:
			return slices.Contains(r.Failures, wanted)
		}
	})
}

// contains reports whether a text in lower case is part of the row.
func (r *Row) contains(text string) bool {
	in := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	return in(r.ID) || in(r.Number) || in(r.Root) || in(r.Customer) || slices.ContainsFunc(r.Services, in) || slices.ContainsFunc(r.Events, in) ||
		slices.ContainsFunc(r.Traces, in)
}
