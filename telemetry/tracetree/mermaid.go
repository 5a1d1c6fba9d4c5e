package tracetree

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Mermaid writes a story as a sequence diagram of Mermaid (https://mermaid.js.org/syntax/sequenceDiagram.html): an arrow for
// each request and each delivered message, with its wait in the queue, and a cross for each message that no consumer has
// handled. Mermaid returns the error of w.
func Mermaid(w io.Writer, t *Tree) error {
	d := diagram{causes: newCauses(t), names: map[string]string{}}
	t.Walk(func(n *Node, _ int) { d.add(n) })
	slices.SortStableFunc(d.arrows, func(a, b arrow) int { return a.at.Compare(b.at) })
	var out bytes.Buffer
	out.WriteString("sequenceDiagram\n")
	var lines bytes.Buffer
	for _, a := range d.arrows {
		fmt.Fprintf(&lines, "    %s%s%s: %s\n", d.id(a.from), a.line, d.id(a.to), escape(a.text))
		if a.note != "" {
			fmt.Fprintf(&lines, "    Note over %s: %s\n", d.id(a.noteOn), escape(a.note))
		}
	}
	for i, name := range d.order {
		what := "participant"
		if name == outside {
			what = "actor"
		}
		fmt.Fprintf(&out, "    %s p%d as %s\n", what, i, escape(name))
	}
	out.Write(lines.Bytes())
	return write(w, out.Bytes(), "the diagram")
}

// outside is the participant that a story's first request comes from.
const outside = "client"

// The arrows of a sequence diagram.
const (
	request = "->>" // a call that waits for its answer
	message = "-)"  // an asynchronous message
	lost    = "-x"  // a message without a consumer
)

type arrow struct {
	at                   time.Time
	from, line, to, text string
	note, noteOn         string
}

type diagram struct {
	*causes
	arrows []arrow
	names  map[string]string // participant ids by name
	order  []string
}

// id returns the id of a participant. Names may have characters that Mermaid reads as syntax.
func (d *diagram) id(name string) string {
	if id, known := d.names[name]; known {
		return id
	}
	d.names[name] = fmt.Sprintf("p%d", len(d.order))
	d.order = append(d.order, name)
	return d.names[name]
}

func (d *diagram) add(n *Node) {
	switch {
	case n.Kind == KindServer:
		d.request(n)
	case n.isProcess():
		d.message(n)
	case d.unhandled(n):
		d.undelivered(n)
	}
}

func (d *diagram) request(n *Node) {
	from := outside
	if cause := d.of(n); cause != nil {
		from = cause.Service
	}
	a := arrow{at: n.Start, from: from, line: request, to: n.Service, text: n.Name}
	a.note, a.noteOn = d.failure(n), n.Service
	d.arrows = append(d.arrows, a)
}

func (d *diagram) message(n *Node) {
	a := arrow{at: n.Start, from: n.Service, line: message, to: n.Service, text: cmp.Or(n.message().Subject(), n.Name)}
	if cause := d.of(n); cause != nil {
		a.from = cause.Service
	}
	var remarks []string
	if wait := n.Waited().note(); wait != "" {
		remarks = append(remarks, wait)
	}
	if attempt := n.Attempt(); attempt > 1 {
		remarks = append(remarks, ordinal(attempt))
	}
	if len(remarks) > 0 {
		a.text += " (" + strings.Join(remarks, ", ") + ")"
	}
	a.note, a.noteOn = d.failure(n), n.Service
	d.arrows = append(d.arrows, a)
}

func (d *diagram) failure(n *Node) string {
	parts := []string{n.reason(), n.settledNote(), n.injected()}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// undelivered is a message that waits, that has no queue, or that is a dead letter.
func (d *diagram) undelivered(n *Node) {
	m := n.message()
	to := "nothing has handled it yet"
	if strings.HasSuffix(m.Queue, ".dead") || strings.HasSuffix(m.Exchange, ".dead") || strings.HasSuffix(m.RoutingKey, ".dead") {
		to = "dead letters"
	}
	a := arrow{at: n.Start, from: n.Service, line: lost, to: to, text: cmp.Or(m.Subject(), n.Name)}
	a.note, a.noteOn = d.failure(n), n.Service
	d.arrows = append(d.arrows, a)
}

// escape writes characters that end a line or a statement of Mermaid as its entities.
func escape(text string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", "\n", " ").Replace(printable(text))
}
