package journey

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/telemetry/tracetree"
)

// gaps are the places at which the order stopped, by time.
func (a *account) gaps() []Gap {
	var all []Gap
	for _, m := range a.Messages {
		if g, is := a.gapOf(m); is {
			all = append(all, g)
		}
	}
	for _, l := range a.Letters {
		if !slices.ContainsFunc(a.Messages, func(m tracetree.Message) bool { return m.Queue == l.Queue }) && !a.done(l.Queue) {
			all = append(all, Gap{nil, "process " + l.Queue, DeadQueue, deadText(l)})
		}
	}
	for _, s := range sequels {
		all = append(all, a.unsent(s)...)
	}
	all = compact(all)
	slices.SortStableFunc(all, func(x, y Gap) int { return a.at(x).Compare(a.at(y)) })
	if len(all) == 0 && a.known && !a.Order.Settled() {
		w := a.Waiting(a.now, Surroundings{Counts: a.counts, Outboxes: a.services.outboxes, Errors: a.services.failed})
		all = append(all, Gap{nil, w.Text, Unsure, "the spans do not say where it is"})
	}
	return all
}

// compact merges gaps that differ only in what is expected, and those of one send to several queues.
func compact(all []Gap) (merged []Gap) {
	for _, g := range all {
		i := slices.IndexFunc(merged, func(m Gap) bool {
			same := m.After == nil && g.After == nil || m.After != nil && g.After != nil && *m.After == *g.After
			return same && m.Where == g.Where && m.Place == g.Place
		})
		switch {
		case i < 0:
			merged = append(merged, g)
		case !strings.Contains(merged[i].Expected, strings.TrimPrefix(g.Expected, "send ")):
			merged[i].Expected += ", " + strings.TrimPrefix(g.Expected, "send ")
		}
	}
	return merged
}

func (a *account) at(g Gap) time.Time {
	if g.After == nil {
		return a.now
	}
	return a.byID[spanID{g.After.TraceID, g.After.SpanID}].Start
}

// gapOf says what became of a message that is not handled.
func (a *account) gapOf(m tracetree.Message) (Gap, bool) {
	switch {
	case m.State == tracetree.Done || a.done(m.Queue):
		return Gap{}, false
	case m.State == tracetree.Unsent:
		if eventName(m.RoutingKey) == m.RoutingKey {
			return Gap{}, false // the sequel of the work before says which event it is
		}
		return Gap{a.before(m.Sent), "send " + m.RoutingKey, Outbox, fmt.Sprintf("in the outbox of %s: could not be published (%s)", m.Producer, m.Error)}, true
	case m.State == tracetree.Lost:
		last, _ := m.Last()
		expected := a.pending(m.Queue)
		if expected == "" {
			expected = "the work on " + m.Queue
		}
		where := fmt.Sprintf("lost: acked without work, %s acked %s and then failed (%s)", m.Consumer, eventName(m.RoutingKey), last.Error)
		return Gap{a.span(last.TraceID, last.SpanID), expected, Gone, where}, true
	default:
		if a.silent(m) {
			return Gap{}, false
		}
		place, where := a.place(m)
		g := Gap{nil, "process " + m.Queue, place, where}
		if m.Sent != nil {
			g.After = a.span(m.Sent.TraceID, m.Sent.SpanID)
		}
		if last, any := m.Last(); any && m.State != tracetree.Queued {
			g.After = a.span(last.TraceID, last.SpanID)
		}
		return g, true
	}
}

// before names the span above a send, or the send itself.
func (a *account) before(send *tracetree.Link) *Span {
	if send == nil {
		return nil
	}
	if above := a.span(send.TraceID, a.byID[spanID{send.TraceID, send.SpanID}].ParentID); above != nil {
		return above
	}
	return a.span(send.TraceID, send.SpanID)
}

func (a *account) span(trace tracetree.TraceID, id tracetree.SpanID) *Span {
	s, known := a.byID[spanID{trace, id}]
	if !known {
		return nil
	}
	return &Span{s.TraceID, s.SpanID, s.Name, s.Service}
}
