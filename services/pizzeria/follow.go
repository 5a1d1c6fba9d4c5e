package pizzeria

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/failure/inject"
	"traceria/services/host"
	"traceria/services/topology"
)

// unbindAfter is how long a queue stays bound to a version that it has left: as long as that is still published.
const unbindAfter = 5 * time.Second

// Follower is the topology of the whole system with the experiments event.versions and event.style in it, which decide to
// which versions of OrderConfirmed its consumers are bound.
type Follower struct {
	ctx    context.Context //nolint:containedctx // it has the switches
	config host.Config
	all    []topology.Subscription
	bound  map[string]map[event.Type]time.Time // by queue: when each version was wanted last
}

// Follow returns a follower of the switches in ctx.
func Follow(ctx context.Context, config host.Config) *Follower {
	return &Follower{ctx: ctx, config: config, all: Configured(config).Subscriptions, bound: map[string]map[event.Type]time.Time{}}
}

// carry carries on what is in queues that are too short, until the context of the follower ends.
func (f *Follower) carry(say func(string)) {
	var carriers sync.WaitGroup
	for _, s := range f.all {
		if s.Queue() == inject.Overflowing {
			carriers.Go(func() {
				inject.CarryOverflow(f.ctx, f.config.AMQPURL, s, func(err error) { say(fmt.Sprintf("%s: %v", failure.QueueOverflow, err)) })
			})
		}
	}
	carriers.Wait()
}

// sent tells whether nothing waits in the order service's outbox, as far as it says so itself: what waits there is in the
// versions of before. What no queue wanted is not waited for: it may stay there for good.
func (f *Follower) sent() bool {
	ctx, cancel := context.WithTimeout(f.ctx, time.Second)
	defer cancel()
	outbox := readiness(ctx, f.config, "order").Outbox
	return outbox != nil && outbox.Waiting+outbox.Refused == 0
}

// Now is the topology at the moment.
func (f *Follower) Now() topology.Topology {
	choices := f.config.Choices(f.ctx)
	now := slices.Clone(f.all)
	wanted := map[event.Type]int{} // by how many queues
	for n, s := range now {
		if s.Event.Name != event.OrderConfirmedV1.Name {
			continue
		}
		now[n].Versions = choices.Taken(s.Subscriber, s.Bound())
		for _, t := range now[n].Versions {
			wanted[t]++
		}
	}
	for n, s := range now {
		now[n].Overflow = inject.Overflow(f.ctx, s)
		if s.Event.Name == event.OrderConfirmedV1.Name {
			now[n].Versions = f.kept(s, wanted, choices.Switched && f.bound[s.Queue()] == nil, f.all[n].Bound())
		}
	}
	return topology.Topology{Subscriptions: now}
}

// kept are the versions that the subscription takes, and those that it has left and stays bound to: for a while, and for
// good if nobody else wants them. An event in such a version that is still in an outbox would otherwise have nowhere to
// go.
func (f *Follower) kept(s topology.Subscription, wanted map[event.Type]int, begins bool, configured []event.Type) []event.Type {
	bound := f.bound[s.Queue()]
	if bound == nil {
		bound = map[event.Type]time.Time{}
		f.bound[s.Queue()] = bound
	}
	for _, t := range s.Versions {
		bound[t] = time.Now()
	}
	if begins { // it was switched before this process began, which may be a moment ago
		for _, t := range configured {
			bound[t] = time.Now()
		}
	}
	for t, last := range bound {
		if time.Since(last) > unbindAfter && wanted[t] > 0 && !slices.Contains(s.Versions, t) && f.sent() {
			delete(bound, t)
		}
	}
	return slices.DeleteFunc(slices.Clone(event.Catalogue), func(t event.Type) bool {
		_, is := bound[t]
		return !is
	})
}
