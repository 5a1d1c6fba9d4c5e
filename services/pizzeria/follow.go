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

// unbindAfter is how long a queue stays bound to a version that its subscriber does not take any more. Publishers may follow
// the switch later.
const unbindAfter = 5 * time.Second

// Follower computes the topology of the whole system while experiments change it: event.versions and event.style decide which
// versions of OrderConfirmed the queues are bound to, queue.overflow adds a queue of length 1.
type Follower struct {
	ctx    context.Context //nolint:containedctx // it has the switches
	config host.Config
	all    []topology.Subscription
	bound  map[string]map[event.Type]time.Time // by queue: when each version was last taken
}

// Follow returns a follower of the switches in ctx.
func Follow(ctx context.Context, config host.Config) *Follower {
	return &Follower{ctx: ctx, config: config, all: Configured(config).Subscriptions, bound: map[string]map[event.Type]time.Time{}}
}

// carry forwards messages from the queues of queue.overflow until the context of the follower ends.
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

// sent reports whether the order service says that its outbox is empty: waiting events have the versions of before the switch.
// Unroutable events do not count. They may stay for good.
func (f *Follower) sent() bool {
	ctx, cancel := context.WithTimeout(f.ctx, time.Second)
	defer cancel()
	outbox := readiness(ctx, f.config, "order").Outbox
	return outbox != nil && outbox.Waiting+outbox.Refused == 0
}

// Now returns the current topology.
func (f *Follower) Now() topology.Topology {
	choices := f.config.Choices(f.ctx)
	now := slices.Clone(f.all)
	wanted := map[event.Type]int{} // number of queues that take the version
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

// kept returns the versions that the queue is bound to: those that its subscriber takes, and for a while those that it took
// before. If no other queue takes a version, the binding stays: an event in an outbox would otherwise be unroutable.
func (f *Follower) kept(s topology.Subscription, wanted map[event.Type]int, begins bool, configured []event.Type) []event.Type {
	bound := f.bound[s.Queue()]
	if bound == nil {
		bound = map[event.Type]time.Time{}
		f.bound[s.Queue()] = bound
	}
	for _, t := range s.Versions {
		bound[t] = time.Now()
	}
	if begins { // the switch is older than this process, perhaps by a moment only
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
