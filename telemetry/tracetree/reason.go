package tracetree

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// reasons is the most parts of a sentence. More of them do not explain, they list.
	reasons = 3
	// leastReason is the smallest share of the whole that is worth a part of the sentence.
	leastReason = 0.05
)

// part is the time of one kind in one place.
type part struct {
	kind  StepKind
	place string
	took  time.Duration
	times int // attempts for a back-off
	error string
}

// Reason says in one sentence where the time of the path went, the longest part first:
//
//	It took 12.4 s: 10.1 s in back-offs of kitchen.order-confirmed (3 attempts), 1.2 s in the queue kitchen.ticket-opened.
//
// It is "" for an empty path.
func (p Path) Reason() string {
	if len(p.Steps) == 0 {
		return ""
	}
	parts := p.parts()
	var texts []string
	for _, part := range parts[:min(len(parts), reasons)] {
		if float64(part.took) >= leastReason*float64(p.Took) {
			texts = append(texts, shortDuration(part.took)+" "+part.text())
		}
	}
	if len(texts) == 0 {
		return "It took " + shortDuration(p.Took) + ", in many short steps."
	}
	return "It took " + shortDuration(p.Took) + ": " + strings.Join(texts, ", ") + "."
}

// parts adds up the steps of one kind and place, the longest first.
func (p Path) parts() []part {
	type same struct {
		kind  StepKind
		place string
	}
	at := map[same]int{}
	var parts []part
	for _, s := range p.Steps {
		place := s.place()
		i, known := at[same{s.Kind, place}]
		if !known {
			i = len(parts)
			at[same{s.Kind, place}] = i
			parts = append(parts, part{kind: s.Kind, place: place})
		}
		parts[i].took += s.Took
		parts[i].times = max(parts[i].times+1, s.Attempt+1)
		parts[i].error = cmp.Or(s.Error, parts[i].error)
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.took, a.took) })
	return parts
}

// place is the queue, or the service for what has none.
func (s Step) place() string {
	switch s.Kind {
	case Wait, BackOff, DeadWait, Call, Unknown:
		return brief(s.What)
	default:
		return brief(s.Service)
	}
}

// brief is a name or a failure in a sentence. Other services choose their lengths.
func brief(text string) string {
	const most = 80
	if text = printable(text); width(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}

func (p part) text() string {
	place := cmp.Or(p.place, "a queue that no span names")
	switch p.kind {
	case Wait:
		return "in the queue " + place
	case BackOff:
		return "in back-offs of " + place + " (" + plural(p.times, "attempt") + because(", ", p.error, "") + ")"
	case DeadWait:
		return "as a dead letter of " + place + because(" (", p.error, ")")
	case Database:
		return "in the database of " + place
	case Call:
		return "of waiting for the answer to " + place
	case Outbox:
		return "in the outbox of " + place
	case Publish:
		return "of publishing by " + place
	case Unknown:
		return "of which no span tells"
	default:
		return "of work in " + place
	}
}

// because adds the failure to a text.
func because(begin, failure, end string) string {
	if failure == "" {
		return ""
	}
	return begin + brief(failure) + end
}
