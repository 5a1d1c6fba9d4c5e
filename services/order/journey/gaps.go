package journey

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/services/event"
	"traceria/services/host"
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
	return a.byID[tracetree.Link{TraceID: g.After.TraceID, SpanID: g.After.SpanID}].Start
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

// pending names the events that the work on the queue has not sent.
func (a *account) pending(queue string) string {
	var keys []string
	for _, s := range sequels {
		if slices.Contains(s.queues, queue) && len(s.queues) > 0 && (s.cancelled || a.status() != "cancelled") {
			for _, t := range s.sends {
				if !a.happened(t) && !slices.Contains(keys, t.RoutingKey()) {
					keys = append(keys, t.RoutingKey())
				}
			}
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return "send " + strings.Join(keys, ", ")
}

// unsent are the events of a sequel that were not sent although the work before is done.
func (a *account) unsent(s sequel) (all []Gap) {
	if a.status() == "cancelled" && !s.cancelled || slices.ContainsFunc(s.instead, a.happened) {
		return nil
	}
	after, known := a.trigger(s)
	if !known {
		return nil
	}
	for _, t := range s.sends {
		keys := a.lacking(t)
		if len(keys) == 0 {
			continue
		}
		if t.Domain != "order" && a.reported(t) { // sent without a span
			all = append(all, a.unhandled(t, after)...)
			continue
		}
		place, where := a.keeper(t.Domain, after, keys)
		all = append(all, Gap{a.span(after.TraceID, after.SpanID), "send " + strings.Join(keys, ", "), place, where})
	}
	return all
}

// unhandled says where an event is whose send left no span.
func (a *account) unhandled(t event.Type, after tracetree.Span) (all []Gap) {
	for _, s := range a.subscriptions(t) {
		if !a.done(s.Queue()) {
			place, where := a.place(tracetree.Message{Queue: s.Queue(), State: tracetree.Queued, Since: after.End()})
			all = append(all, Gap{a.span(after.TraceID, after.SpanID), "process " + s.Queue(), place, where})
		}
	}
	return all
}

// trigger is the span that ended the work before a sequel.
func (a *account) trigger(s sequel) (last tracetree.Span, known bool) {
	queues := s.queues
	if len(queues) == 0 {
		queues = []string{""}
	}
	for _, queue := range queues {
		work, done := a.work(queue)
		if !done || queue == "" && !a.known && work.Status == tracetree.StatusError {
			return last, false
		}
		if work.End().After(last.End()) {
			last = work
		}
	}
	return last, true
}

// lacking are the routing keys of an event that its subscribers take and that were not sent.
func (a *account) lacking(t event.Type) (keys []string) {
	for _, s := range a.subscriptions(t) {
		known := slices.ContainsFunc(a.Messages, func(m tracetree.Message) bool { return m.Queue == s.Queue() })
		if known || a.done(s.Queue()) {
			continue
		}
		if taken := taken(s, a.services.takes); len(taken) > 0 && !slices.Contains(keys, taken[0]) {
			keys = append(keys, taken[0])
		}
	}
	slices.Sort(keys)
	return keys
}

// keeper says where an event is that was not sent. after is the work that should have sent it.
func (a *account) keeper(producer string, after tracetree.Span, keys []string) (Place, string) {
	if refused := a.refused(after, keys); len(refused) > 0 {
		last := refused[len(refused)-1]
		return Outbox, fmt.Sprintf("in the outbox of %s: could not be published to %s (%s), last tried at %s",
			producer, keyOf(last), reasonOf(last), last.End().Local().Format(time.TimeOnly))
	}
	wrote, outbox := a.stored(after)
	waiting, err := a.services.outboxes[producer], a.services.failed[producer]
	acked := "lost: acked without work, " + producer + " acked its message"
	if after.Kind == tracetree.KindServer {
		acked = "lost: " + producer + " answered the request"
	}
	switch {
	case wrote && !outbox && after.Status == tracetree.StatusError:
		return NeverSent, fmt.Sprintf("never sent: %s stored its work without an outbox row, and then failed (%s)", producer, reasonOf(after))
	case wrote && !outbox:
		return NeverSent, fmt.Sprintf("never sent: %s stored its work without an outbox row", producer)
	case waiting > 0:
		return Outbox, fmt.Sprintf("in the outbox of %s, where %s", producer, host.Plural(waiting, "event waits", "events wait"))
	case a.now.Sub(after.End()) < onTheWay:
		return Soon, "its span may be on its way"
	case outbox && err != nil:
		return Outbox, fmt.Sprintf("in the outbox of %s, which cannot be asked (%v)", producer, err)
	case outbox:
		return Unsure, fmt.Sprintf("%s stored it in its outbox, which is empty now", producer)
	default:
		return Gone, acked + " and stored no event"
	}
}

// refused are the failed sends of a work, by time: of these routing keys, or of one that is not in the catalogue.
func (a *account) refused(after tracetree.Span, keys []string) (failed []tracetree.Span) {
	for _, s := range a.spans {
		key := keyOf(s)
		if sends(s) && s.Status == tracetree.StatusError && s.TraceID == after.TraceID && s.ParentID == after.SpanID &&
			(slices.Contains(keys, key) || eventName(key) == key) {
			failed = append(failed, s)
		}
	}
	return failed
}

// before names the span above a send, or the send itself.
func (a *account) before(send *tracetree.Link) *Span {
	if send == nil {
		return nil
	}
	if above := a.span(send.TraceID, a.byID[*send].ParentID); above != nil {
		return above
	}
	return a.span(send.TraceID, send.SpanID)
}

func (a *account) span(trace tracetree.TraceID, id tracetree.SpanID) *Span {
	s, known := a.byID[tracetree.Link{TraceID: trace, SpanID: id}]
	if !known {
		return nil
	}
	return &Span{s.TraceID, s.SpanID, s.Name, s.Service}
}

// reasonOf is why a span failed.
func reasonOf(s tracetree.Span) string {
	kind, _ := s.Attributes["error.type"].(string)
	switch {
	case s.StatusMessage == "":
		return kind
	case kind == "":
		return s.StatusMessage
	default:
		return kind + ": " + s.StatusMessage
	}
}
