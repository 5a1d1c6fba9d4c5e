package journey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// place says where a message is that was sent and not handled.
func (a *account) place(m tracetree.Message) (Place, string) {
	last, _ := m.Last()
	if letter, dead := a.letter(m.Queue); dead {
		if a.answeredEmpty(letter) {
			return Unsure, fmt.Sprintf("it was a dead letter in %s.dead, which has no ready message: deleted, or being read", m.Queue)
		}
		return DeadQueue, deadText(letter)
	}
	switch m.State {
	case tracetree.Retrying:
		due := a.due(m)
		if a.now.Before(due.Add(onTheWay)) {
			return Retry, fmt.Sprintf("in a retry queue of %s until about %s, after attempt %d failed (%s)",
				m.Queue, due.Local().Format(time.TimeOnly), last.Number, last.Error)
		}
		place, where := a.inQueue(m)
		return place, fmt.Sprintf("%s; its back-off after attempt %d ended at %s", where, last.Number, due.Local().Format(time.TimeOnly))
	case tracetree.Requeued:
		place, where := a.inQueue(m)
		return place, fmt.Sprintf("%s; attempt %d ended without an ack (%s)", where, last.Number, last.Error)
	case tracetree.Paused:
		return Paused, fmt.Sprintf("%s holds it and tries again in place (%s)", consumer(m.Queue), last.Error)
	default:
		return a.inQueue(m)
	}
}

func deadText(l Letter) string {
	why := strings.Join(slices.DeleteFunc([]string{l.Reason, l.Error}, func(s string) bool { return s == "" }), ": ")
	return fmt.Sprintf("dead letter in %s.dead (%s); repair: traceria dead redrive %s", l.Queue, cmp.Or(why, "RabbitMQ gives no reason"), l.Queue)
}

// answeredEmpty reports whether only spans know the letter, and RabbitMQ says that the dead queue is empty.
func (a *account) answeredEmpty(l Letter) bool {
	count, known := a.counts[l.Queue+".dead"]
	return known && count.Ready == 0 && !slices.Contains(a.Letters, l)
}

// due is the end of the back-off of a message.
func (a *account) due(m tracetree.Message) time.Time {
	retries := 0
	for _, attempt := range m.Attempts {
		switch attempt.Settled {
		case "retry":
			retries++
		case "dead":
			retries = 0
		}
	}
	delays := delaysIn(a.topology)(m.Queue)
	if retries == 0 || len(delays) == 0 {
		return m.Since
	}
	return m.Since.Add(delays[min(retries, len(delays))-1])
}

// inQueue says what a queue and its consumer do with a message of the order.
func (a *account) inQueue(m tracetree.Message) (Place, string) {
	queue, service := m.Queue, consumer(m.Queue)
	working := slices.DeleteFunc(slices.Clone(a.services.working[service]), func(w broker.Work) bool { return w.Queue != queue })
	for _, w := range working {
		if w.ConversationID == a.Order.OrderID {
			return Unacked, fmt.Sprintf("%s has it and has not acked it, since %s", service, w.Since.Local().Format(time.TimeOnly))
		}
	}
	count, known := a.counts[queue]
	err := a.services.failed[service]
	switch {
	case !known && err != nil:
		return Unsure, fmt.Sprintf("%s may have it; %s cannot be asked", queue, service)
	case !known:
		return Unsure, fmt.Sprintf("%s may have it; RabbitMQ does not say", queue)
	case count.Consumers == 0 && count.Ready > 0:
		return Ready, fmt.Sprintf("%s has it, no consumer", queue)
	case count.Ready > 0:
		return Ready, fmt.Sprintf("%s has it, among %s", queue, host.Plural(count.Ready, "ready message", "ready messages"))
	case a.now.Sub(m.Since) < onTheWay:
		return Soon, "its span may be on its way"
	}
	if limited := a.limited(queue); limited != "" {
		return Unsure, limited
	}
	switch {
	case count.Consumers > 0 && (err != nil || a.services.working == nil):
		return Unacked, fmt.Sprintf("RabbitMQ has delivered it to %s, which has not acked it", service)
	case len(working) > 0 || count.Consumers > 1:
		return Unacked, fmt.Sprintf("delivered to %s and not acked, behind %s, or lost", service,
			host.Plural(len(working), "message at work", "messages at work"))
	default:
		return Gone, fmt.Sprintf("lost: dropped, expired or purged, %s is empty and %s does not have it", queue, service)
	}
}

// limited describes the queue of limited length that stands before a queue, if it has a message.
func (a *account) limited(queue string) string {
	for _, s := range a.topology.Subscriptions {
		for _, overflow := range []string{topology.OverflowDropHead, topology.OverflowRejectPublish} {
			s.Overflow = overflow
			if n := a.counts[s.LimitedQueue()].Ready; s.Queue() == queue && n > 0 {
				return fmt.Sprintf("in %s, which holds %s, or dropped by it", s.LimitedQueue(), host.Plural(n, "message", "messages"))
			}
		}
	}
	return ""
}
