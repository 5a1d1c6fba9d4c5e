package tracetree

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// PrintMap writes a map: under each service, what it sends, by which queue and to which service, with the number and rate of
// messages and the median and 95th percentile of wait and work. Color and Width of o apply. PrintMap returns the error of w.
func PrintMap(w io.Writer, m Map, o PrintOptions) error {
	c := canvas{color: o.Color, limit: o.Width}
	var out bytes.Buffer
	out.WriteString(c.text(bold, m.headline()))
	what, way := len("sends"), len("by queue, to service")
	for _, e := range m.Edges {
		what, way = max(what, width(e.What)), max(way, width(e.way()))
	}
	if len(m.Edges) > 0 {
		out.WriteString(c.text(dim, "  "+left("sends", what)+gap+left("by queue, to service", way)+gap+
			right("number", 7)+gap+right("rate", 8)+gap+left("wait p50 / p95", 19)+gap+"work p50 / p95"))
	}
	for i, e := range m.Edges {
		if i == 0 || e.From != m.Edges[i-1].From {
			out.WriteString("\n" + c.text(bold, cmp.Or(e.From, "(the sender is not in these traces)")))
		}
		segments := []segment{
			{"  " + left(e.What, what) + gap, plain},
			{left(e.way(), way) + gap, plain},
			{right(strconv.Itoa(e.Count), 7) + gap + right(rate(e.Rate), 8) + gap, plain},
			{left(e.Wait.text(), 19) + gap, yellow},
			{left(e.Work.text(), 19), plain},
		}
		if e.Errors > 0 {
			segments = append(segments, segment{gap + plural(e.Errors, "error"), red})
		}
		out.WriteString(c.render(segments))
	}
	return write(w, out.Bytes(), "the map")
}

func (m Map) headline() string {
	if m.Traces == 0 {
		return "no traces"
	}
	queues := map[string]bool{}
	for _, e := range m.Edges {
		if e.Queue != "" {
			queues[e.Queue] = true
		}
	}
	return strings.Join([]string{
		plural(m.Traces, "trace") + " in " + shortDuration(m.To.Sub(m.From)), plural(len(m.Services), "service"), plural(len(queues), "queue"),
	}, " · ")
}

// way is the queue and the service at its end.
func (e Edge) way() string {
	switch {
	case e.To == "":
		return "no consumer has handled it"
	case e.Queue == "":
		return "→ " + e.To
	default:
		return printable(e.Queue) + " → " + e.To
	}
}

func (q *Quantiles) text() string {
	if q == nil {
		return ""
	}
	return shortDuration(q.P50) + " / " + shortDuration(q.P95)
}

func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 0.05 {
		return number(perSecond*60) + "/min"
	}
	return number(perSecond) + "/s"
}

// MermaidMap writes a map as a flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html) with queues as nodes.
// Requests have a dotted arrow. MermaidMap returns the error of w.
func MermaidMap(w io.Writer, m Map) error {
	var out bytes.Buffer
	out.WriteString("flowchart LR\n")
	f := flowchart{ids: map[string]string{}, out: &out}
	for _, e := range m.Edges {
		from := f.node(cmp.Or(e.From, "unknown sender"), "[", "]")
		label := e.What + " ×" + strconv.Itoa(e.Count)
		switch {
		case e.To == "":
			f.arrow(from, "-->", label, f.node("no consumer", "{{", "}}"))
		case e.Queue == "":
			f.arrow(from, "-.->", label+e.Work.label("work"), f.node(e.To, "[", "]"))
		default:
			queue := f.node(e.Queue, "[(", ")]")
			f.arrow(from, "-->", label, queue)
			f.arrow(queue, "-->", strings.TrimSpace(e.Wait.label("wait")+e.Work.label("work")), f.node(e.To, "[", "]"))
		}
	}
	return write(w, out.Bytes(), "the map")
}

type flowchart struct {
	ids map[string]string
	out *bytes.Buffer
}

// node returns the id of a node and writes it when it is new. A queue may have the name of a service.
func (f *flowchart) node(name, open, end string) string {
	id, known := f.ids[open+name]
	if !known {
		id = "n" + strconv.Itoa(len(f.ids))
		f.ids[open+name] = id
		fmt.Fprintf(f.out, "    %s%s\"%s\"%s\n", id, open, quoted(name), end)
	}
	return id
}

func (f *flowchart) arrow(from, line, label, to string) {
	if label != "" {
		label = "|\"" + quoted(label) + "\"|"
	}
	fmt.Fprintf(f.out, "    %s %s%s %s\n", from, line, label, to)
}

func (q *Quantiles) label(what string) string {
	if q == nil {
		return ""
	}
	return " " + what + " " + q.text()
}

// quoted is a text between quotation marks of a flowchart.
func quoted(text string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "\n", " ").Replace(printable(text))
}
