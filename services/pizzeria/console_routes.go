package pizzeria

import (
	"context"
	"maps"
	"sync"
	"time"

	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

const (
	// takesFresh is how long the answers of the services about what they take are used, and takesTime limits the questions.
	takesFresh = 3 * time.Second
	takesTime  = 2 * time.Second
)

// routes says where messages go. Experiments change what the services take while the system runs, so it asks them now and then, in
// the background: only while routes are asked for.
type routes struct {
	ctx      context.Context //nolint:containedctx // it ends the questions
	cancel   context.CancelFunc
	config   host.Config
	topology topology.Topology
	asking   sync.WaitGroup

	mu    sync.Mutex
	busy  bool
	next  time.Time
	takes map[string][]string
	now   tracetree.Routing
}

func newRoutes(config host.Config) *routes {
	r := &routes{config: config, topology: Configured(config), takes: map[string][]string{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.now = remembered(journey.Routing(r.topology, nil))
	return r
}

// close ends the questions and waits for the last one.
func (r *routes) close() {
	r.cancel()
	r.asking.Wait()
}

// routing is the function [console.System] wants. It does not wait for an answer.
func (r *routes) routing() tracetree.Routing {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.busy && time.Now().After(r.next) && r.ctx.Err() == nil {
		r.busy = true
		r.asking.Go(r.ask)
	}
	return r.now
}

// ask asks every service at once. A service that does not answer takes what it took before.
func (r *routes) ask() {
	ctx, cancel := context.WithTimeout(r.ctx, takesTime)
	defer cancel()
	var answers sync.Map
	var asking sync.WaitGroup
	for _, service := range Services() {
		asking.Go(func() {
			if now := readiness(ctx, r.config, service.Name); now.Events != nil {
				answers.Store(service.Name, now.Events.Takes)
			}
		})
	}
	asking.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	takes := maps.Clone(r.takes)
	for name, keys := range answers.Range {
		takes[name.(string)] = keys.([]string) //nolint:forcetypeassert // stored above
	}
	r.takes, r.now = takes, remembered(journey.Routing(r.topology, takes))
	r.busy, r.next = false, time.Now().Add(takesFresh)
}

// remembered keeps the routes that it has found: they are asked for each message. There are few exchanges and keys that lead to a
// queue. Those that lead nowhere are not kept: spans may name any number of them.
func remembered(routing tracetree.Routing) tracetree.Routing {
	type way struct{ exchange, key string }
	var known sync.Map
	find := routing.Routes
	routing.Routes = func(exchange, key string) []tracetree.Route {
		if found, ok := known.Load(way{exchange, key}); ok {
			return found.([]tracetree.Route) //nolint:forcetypeassert // stored below
		}
		found := find(exchange, key)
		if len(found) > 0 {
			known.Store(way{exchange, key}, found)
		}
		return found
	}
	return routing
}
