package tracetree

import "strings"

const (
	gap       = "  "
	leastName = 24 // a name that is cut to fewer cells says nothing
)

// columns has the widths of the cells.
type columns struct{ name, service, kind, start, took int }

// measure returns the widths of the columns. With a limit, names give way to notes down to two fifths of the line: a note
// says what is remarkable, and the end of a name is enough to recognize a queue.
func measure(rows []row, limit int) columns {
	c := columns{kind: len("kind"), service: len("service"), took: len("took"), start: len("start")}
	notes := 0
	for _, r := range rows {
		c.name = max(c.name, width(r.lines)+width(r.name))
		c.service = max(c.service, width(r.service))
		c.kind = max(c.kind, width(r.kind))
		c.start = max(c.start, width(r.start))
		c.took = max(c.took, width(r.took))
		notes = max(notes, width(joined(r.notes)))
	}
	if limit > 0 {
		rest := c.service + c.kind + c.start + c.took + 4*len(gap)
		if notes > 0 {
			rest += notes + len(gap)
		}
		c.name = min(c.name, max(limit-rest, limit*2/5, leastName))
	}
	return c
}

func joined(notes []note) string {
	texts := make([]string, len(notes))
	for i, n := range notes {
		texts[i] = n.text
	}
	return strings.Join(texts, ", ")
}

// canvas renders lines: aligned, cut and coloured.
type canvas struct {
	color    bool
	limit    int
	columns  columns
	services map[string]style
}

// segment is a text of one style.
type segment struct {
	text  string
	style style
}

func (c canvas) header() string {
	return c.render([]segment{
		{left("", c.columns.name), plain},
		{gap + left("service", c.columns.service) + gap + left("kind", c.columns.kind), dim},
		{gap + right("start", c.columns.start) + gap + right("took", c.columns.took), dim},
	})
}

func (c canvas) line(r row) string {
	nameStyle := plain
	if r.failed {
		nameStyle = red
	}
	name := shorten(r.name, max(c.columns.name-width(r.lines), leastName/2))
	segments := []segment{
		{r.lines, dim},
		{name, nameStyle},
		{left("", c.columns.name-width(r.lines)-width(name)) + gap, plain},
		{left(r.service, c.columns.service), c.services[r.service]},
		{gap + left(r.kind, c.columns.kind), plain},
		{gap + right(r.start, c.columns.start), dim},
		{gap + right(r.took, c.columns.took), plain},
	}
	for i, n := range r.notes {
		separator := ", "
		if i == 0 {
			separator = gap
		}
		segments = append(segments, segment{separator, plain}, segment(n))
	}
	return c.render(segments)
}

func (c canvas) text(s style, text string) string { return c.render([]segment{{text, s}}) }

// render cuts a line at the limit, removes trailing blanks and adds the colours.
func (c canvas) render(segments []segment) string {
	total := 0
	for _, s := range segments {
		total += width(s.text)
	}
	if c.limit > 0 && total > c.limit {
		segments = cut(segments, c.limit)
	}
	for i := len(segments) - 1; i >= 0; i-- {
		segments[i].text = strings.TrimRight(segments[i].text, " ")
		if segments[i].text != "" {
			break
		}
	}
	var b strings.Builder
	for _, s := range segments {
		if c.color && s.style != plain && strings.TrimSpace(s.text) != "" {
			b.WriteString(s.style.on() + s.text + reset)
		} else {
			b.WriteString(s.text)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func cut(segments []segment, limit int) []segment {
	var out []segment
	room := limit - 1 // for the ellipsis
	for _, s := range segments {
		runes := []rune(s.text)
		if len(runes) > room {
			return append(out, segment{string(runes[:room]) + "…", s.style})
		}
		room -= len(runes)
		out = append(out, s)
	}
	return out
}

// shorten cuts a name in the middle. The first word (process, send, GET) and the end (the queue) say most. It cuts a
// destination between its parts if that is enough: "process …:kitchen.order-confirmed".
func shorten(name string, room int) string {
	if width(name) <= room {
		return name
	}
	if strings.HasPrefix(name, "(") { // folded database spans begin with their count
		return string([]rune(name)[:room-1]) + "…"
	}
	verb, rest, found := strings.Cut(name, " ")
	if !found || width(verb)+2 >= room {
		verb, rest = "", name
	} else {
		verb += " "
	}
	room -= width(verb) + 1
	for i, r := range rest {
		if r == ':' && width(rest[i:]) <= room {
			return verb + "…" + rest[i:]
		}
	}
	runes := []rune(rest)
	return verb + "…" + string(runes[len(runes)-max(room, 0):])
}

func left(text string, cells int) string {
	return text + strings.Repeat(" ", max(cells-width(text), 0))
}

func right(text string, cells int) string {
	return strings.Repeat(" ", max(cells-width(text), 0)) + text
}
