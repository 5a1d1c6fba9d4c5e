package tracetree

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The attributes that become notes. Where the conventions have no name, the name is Traceria's own.
const (
	waitKey      = "traceria.queue.wait_ms"
	attemptKey   = "traceria.delivery.attempt"
	settledKey   = "traceria.message.settled"
	duplicateKey = "traceria.message.duplicate"
	failureKey   = "traceria.failure"
	injectedKey  = "traceria.injected"
	errorTypeKey = "error.type"
	httpCodeKey  = "http.response.status_code"
)

// parentLink marks a link to the parent, which nearly every process span has. Words would fill the page.
const (
	parentLink   = "↑link"
	parentLegend = parentLink + ": child of a span and also linked to that span"
)

// note is a remark after the columns.
type note struct {
	text  string
	style style
}

// notes returns the remarks about a span, the gravest first.
func (v *view) notes(n *Node) []note {
	var notes []note
	add := func(s style, text string) {
		if text != "" {
			notes = append(notes, note{text, s})
		}
	}
	add(yellow, v.warning(n))
	add(red, v.failure(n.Span))
	add(red, n.settledNote())
	if n.Attributes[duplicateKey] == true {
		add(yellow, "duplicate")
	}
	if attempt := n.Attempt(); attempt > 1 {
		add(yellow, ordinal(attempt))
	}
	add(yellow, n.injected())
	if !v.shape {
		add(yellow, n.Waited().note())
	}
	switch {
	case n.joined != nil && v.shape:
		add(bold, "another trace begins, linked to the span above")
	case n.joined != nil:
		add(bold, "trace "+shortID(n.TraceID)+" begins, linked to the span above")
	}
	notes = append(notes, v.transaction(n.Span)...)
	for _, text := range v.links(n) {
		if strings.HasPrefix(text, parentLink) {
			add(dim, text)
		} else {
			add(plain, text)
		}
	}
	return notes
}

// warning returns the node's warning, or one about clocks that disagree. A shape has neither ids nor times.
func (v *view) warning(n *Node) string {
	if v.shape {
		return printable(strings.Replace(n.Warning, " "+n.ParentID+" ", " ", 1))
	}
	return printable(n.warn(v.nodes[n.parentKey()]))
}

func (s Span) failed() bool { return s.Status == StatusError || s.errorType() != "" }

func (s Span) errorType() string {
	text, _ := s.Attributes[errorTypeKey].(string)
	return text
}

// failure returns the type and the message of the error. In a shape it returns the type only: messages have ids and
// addresses.
func (v *view) failure(s Span) string {
	if !s.failed() {
		if code, ok := numeric(s.Attributes[httpCodeKey]); ok && code >= 400 {
			return "HTTP " + strconv.FormatFloat(code, 'f', -1, 64)
		}
		return ""
	}
	parts := []string{s.errorType()}
	if !v.shape && s.StatusMessage != s.errorType() {
		parts = append(parts, s.StatusMessage)
	}
	text := strings.Join(strings.Fields(printable(strings.Join(parts, " "))), " ")
	if text == "" {
		return "error"
	}
	return "error: " + text
}

// settledNote returns how the message was settled, unless it was acknowledged.
func (n *Node) settledNote() string {
	how := n.Settled()
	if how == "" || how == "ack" {
		return ""
	}
	return "settled " + printable(how)
}

func (s Span) injected() string {
	if failure, _ := s.Attributes[failureKey].(string); failure != "" {
		return "injected: " + printable(failure)
	}
	if s.Attributes[injectedKey] == true {
		return "injected"
	}
	return ""
}

// links returns notes about the linked spans, with equal ones counted. In a shape they are sorted.
func (v *view) links(n *Node) []string {
	texts := make([]string, 0, len(n.Links))
	for _, l := range n.Links {
		if n.joined == nil || l.key() != n.joined.key() {
			texts = append(texts, v.link(n, l))
		}
	}
	if v.shape {
		slices.Sort(texts)
		return counted(texts)
	}
	linkers := v.linkers[n.key()]
	for _, linker := range linkers[:min(len(linkers), mostLinks)] {
		texts = append(texts, v.linkedFrom(n, linker))
	}
	if texts = counted(texts); len(texts) > mostLinks {
		texts = append(texts[:mostLinks], "and other links")
	} else if more := len(linkers) - mostLinks; more > 0 {
		texts = append(texts, fmt.Sprintf("linked from %d more", more))
	}
	return texts
}

// mostLinks limits the notes about links of one printed span. A batch may have thousands.
const mostLinks = 50

func (v *view) link(n *Node, l Link) string {
	target := v.nodes[l.key()]
	switch {
	case n.ParentID != "" && l.key() == n.parentKey():
		return parentLink
	case target == nil && v.shape:
		return "linked to a span that is not here"
	case target == nil:
		return "linked to span " + printable(l.SpanID) + " of trace " + printable(l.TraceID)
	case v.shape || l.TraceID == n.TraceID:
		return "linked to " + printable(target.Name)
	default:
		return "linked to " + printable(target.Name) + " (trace " + shortID(l.TraceID) + ")"
	}
}

// linkedFrom is the other end of a link, which the linked span itself does not know.
func (v *view) linkedFrom(n, linker *Node) string {
	text := "linked from " + printable(linker.Name)
	if linker.TraceID != n.TraceID {
		text += " (trace " + shortID(linker.TraceID) + ")"
	}
	return text
}

// shortID returns the beginning of a trace id, which is enough to find its heading.
func shortID(id TraceID) string {
	if len(id) <= 8 {
		return printable(id)
	}
	return printable(id[:8]) + "…"
}

// numeric reads an attribute that is an integer or a float, depending on the sender.
func numeric(value any) (float64, bool) {
	switch v := value.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	case int:
		return float64(v), true
	default:
		return 0, false
	}
}

// milliseconds converts to a Duration, limited to its range.
func milliseconds(ms float64) time.Duration {
	switch limit := float64(math.MaxInt64) / float64(time.Millisecond); {
	case ms >= limit:
		return math.MaxInt64
	case ms <= -limit:
		return -math.MaxInt64
	default:
		return time.Duration(ms * float64(time.Millisecond))
	}
}
