package journey

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"traceria/services/broker"
	"traceria/services/order/orderclient"
	"traceria/services/topology"
	"traceria/services/wait"
)

const (
	// orderPause is the least time between two questions to the order service: many orders must not keep it busy.
	orderPause = 2 * time.Millisecond
	// askTime bounds a question to Jaeger, RabbitMQ or a service.
	askTime = 5 * time.Second
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

// askServices asks each service on the way for its readiness.
func (w *Watch) askServices(ctx context.Context) {
	if w.sources.Service == nil || len(w.quiet()) == 0 {
		return
	}
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	now := w.sources.askServices(asking)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.surroundings.Outboxes, w.surroundings.Errors, w.takes = now.outboxes, now.failed, now.takes
}

// answers are the answers of the services, by name.
type answers struct {
	outboxes map[string]int
	// waiting counts the events that were not sent yet. Those that were refused or unroutable are not among them.
	waiting map[string]int
	failed  map[string]error
	takes   map[string][]string
	working map[string][]broker.Work
}

// askServices asks each service on the way for its readiness.
func (s Sources) askServices(ctx context.Context) answers {
	all := answers{map[string]int{}, map[string]int{}, map[string]error{}, map[string][]string{}, map[string][]broker.Work{}}
	for _, name := range subscribers(s.Topology) {
		now, err := s.Service(ctx, name)
		if err != nil {
			all.failed[name] = err
			continue
		}
		if now.Outbox != nil {
			all.waiting[name] = now.Outbox.Waiting
			all.outboxes[name] = now.Outbox.Waiting + now.Outbox.Refused + now.Outbox.Unroutable
		}
		if now.Events != nil {
			all.takes[name] = now.Events.Takes
		}
		all.working[name] = now.Working
	}
	return all
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
