package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"traceria/services/broker"
	"traceria/services/order/orderclient"
	"traceria/services/topology"
	"traceria/services/wait"
	"traceria/telemetry/tracetree"
)

const (
	// orderPause is the least time between two questions to the order service: many orders must not keep it busy.
	orderPause = 2 * time.Millisecond
	// spansAtOnce is the number of conversations that are read at the same time. Reading one takes a query per service.
	spansAtOnce = 2
	// askTime bounds a question to Jaeger, RabbitMQ or a service.
	askTime = 5 * time.Second
	// spansLate is the age at which an order without a span is worth a note.
	spansLate = 6 * time.Second
	// lettersMost is how many dead letters are read to find those of the orders. A longer queue is not read.
	lettersMost = 500
)

// askOrders asks the order service for each order that has not ended, with pauses.
func (w *Watch) askOrders(ctx context.Context) { w.askOrdersAt(ctx, orderPause) }

func (w *Watch) askOrdersAt(ctx context.Context, pause time.Duration) {
	var group errgroup.Group
	group.SetLimit(orderclient.AtOnce)
	for i, t := range w.open(0) {
		if i > 0 && wait.For(ctx, pause) != nil {
			break
		}
		group.Go(func() error {
			now, err := w.sources.Order(ctx, t.id)
			if err != nil {
				if ctx.Err() == nil {
					w.away("order", err.Error())
				}
				return nil
			}
			w.back("order")
			w.updated(t, func(j *Journey) {
				if j.Order.Status != now.Status {
					j.Changed = time.Now()
				}
				j.Order = now
			})
			return nil
		})
	}
	_ = group.Wait()
}

// readSpans reads the conversations of a few quiet orders, those first that were not read for the longest time.
func (w *Watch) readSpans(ctx context.Context) {
	if w.sources.Spans == nil {
		return
	}
	due := w.quiet()
	slices.SortStableFunc(due, func(a, b *tracked) int { return a.read.Compare(b.read) })
	var group errgroup.Group
	for _, t := range due[:min(len(due), spansAtOnce)] {
		t.read = time.Now() // only this goroutine uses it
		group.Go(func() error { w.readSpansOf(ctx, t); return nil })
	}
	_ = group.Wait()
}

func (w *Watch) readSpansOf(ctx context.Context, t *tracked) {
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	spans, err := w.sources.Spans(asking, t.id)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, tracetree.ErrNotFound):
		if !t.Read && time.Since(t.Placed) > spansLate {
			w.away("spans of "+t.id, fmt.Sprintf("Jaeger has no span of order %s, so its queues and attempts are not shown", t.id))
		}
	case err != nil:
		w.away("jaeger", fmt.Sprintf("Jaeger cannot be read, so queues and attempts are not shown: %v", err))
	default:
		w.back("jaeger")
		messages := tracetree.Messages(spans, w.routing())
		w.updated(t, func(j *Journey) { j.Messages, j.Read = messages, true })
	}
}

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

// askServices asks each service on the way for its readiness.
func (w *Watch) askServices(ctx context.Context) {
	if w.sources.Service == nil || len(w.quiet()) == 0 {
		return
	}
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	outboxes, failed, takes := map[string]int{}, map[string]error{}, map[string][]string{}
	for _, name := range subscribers(w.sources.Topology) {
		now, err := w.sources.Service(asking, name)
		if err != nil {
			failed[name] = err
		}
		if now.Outbox != nil {
			outboxes[name] = now.Outbox.Waiting + now.Outbox.Refused + now.Outbox.Unroutable
		}
		if now.Events != nil {
			takes[name] = now.Events.Takes
		}
	}
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.surroundings.Outboxes, w.surroundings.Errors, w.takes = outboxes, failed, takes
}

// subscribers are the services that have subscriptions.
func subscribers(t topology.Topology) []string {
	var names []string
	for _, s := range t.Subscriptions {
		if !slices.Contains(names, s.Subscriber) {
			names = append(names, s.Subscriber)
		}
	}
	return names
}

// delaysIn returns the back-off of each queue.
func delaysIn(t topology.Topology) func(queue string) []time.Duration {
	return func(queue string) []time.Duration {
		for _, s := range t.Subscriptions {
			if s.Queue() == queue {
				return s.Delays()
			}
		}
		return nil
	}
}
