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

// pending names the events that the work on the queue should have sent: the work on the other queues of their sequel is done.
func (a *account) pending(queue string) string {
	var keys []string
	for _, s := range sequels {
		waits := slices.ContainsFunc(s.queues, func(other string) bool { return other != queue && !a.done(other) })
		if slices.Contains(s.queues, queue) && !waits && (s.cancelled || a.status() != "cancelled") {
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
		place, where := a.keeper(t, after, keys)
		if a.finished() && place == Unsure {
			continue // it was sent, and its spans are missing
		}
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
func (a *account) keeper(t event.Type, after tracetree.Span, keys []string) (Place, string) {
	producer := t.Domain
	if refused := a.refused(after, keys); len(refused) > 0 {
		last := refused[len(refused)-1]
		return Outbox, fmt.Sprintf("in the outbox of %s: could not be published to %s (%s), last tried at %s",
			producer, keyOf(last), reasonOf(last), last.End().Local().Format(time.TimeOnly))
	}
	wrote, outbox := a.stored(after)
	outbox = outbox || producer == "order" && a.reported(t) // noted with its outbox row
	waiting, err := a.services.waiting[producer], a.services.failed[producer]
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
