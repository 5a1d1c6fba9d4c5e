package journey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"traceria/services/broker"
	"traceria/services/topology"
)

// lettersMost is how many dead letters are read to find those of the orders. A longer queue is not read.
const lettersMost = 500

// askBroker counts the messages of the queues on the way, and reads dead letters when there are more than before.
func (w *Watch) askBroker(ctx context.Context) {
	if w.sources.Broker == nil || len(w.quiet()) == 0 {
		return
	}
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var queues []string
	for _, s := range w.sources.Topology.Subscriptions {
		queues = append(queues, s.Queue(), s.DeadQueue())
	}
	counts, err := w.sources.Broker.Count(asking, queues)
	if err != nil {
		if ctx.Err() == nil {
			w.away("rabbitmq", fmt.Sprintf("RabbitMQ cannot be asked, so consumers are not shown: %v", err))
		}
		return
	}
	w.back("rabbitmq")
	w.mu.Lock()
	w.surroundings.Counts = counts
	w.mu.Unlock()
	for _, s := range w.sources.Topology.Subscriptions {
		now := counts[s.DeadQueue()].Ready
		if now > w.seen[s.Queue()] && now <= lettersMost { // only this goroutine uses seen
			now = min(now, w.readLetters(asking, s))
		}
		w.seen[s.Queue()] = now
	}
}

// readLetters finds the dead letters of the orders in a queue. It returns how many letters it has read: another reader may
// have some of them in hand, and then they are read later.
func (w *Watch) readLetters(ctx context.Context, s topology.Subscription) int {
	letters, err := w.sources.Broker.Letters(ctx, s, lettersMost)
	if err != nil {
		return 0 // the counts say why at the next look
	}
	for _, t := range w.open(0) {
		i := slices.IndexFunc(letters, func(l broker.Letter) bool { return l.ConversationID == t.id })
		if i < 0 {
			continue
		}
		found := letterOf(s, letters[i])
		w.updated(t, func(j *Journey) {
			j.Letters = append(slices.DeleteFunc(j.Letters, func(l Letter) bool { return l.Queue == found.Queue }), found)
		})
	}
	return len(letters)
}

func letterOf(s topology.Subscription, l broker.Letter) Letter {
	found := Letter{Queue: s.Queue(), Event: l.Event + " " + l.Version, Reason: l.Reason, Error: l.Error, Attempts: l.Attempts, At: time.Now()}
	if l.DiedAt != nil {
		found.At = *l.DiedAt
	}
	return found
}
