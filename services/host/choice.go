package host

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
)

// EventChoices reads how events are published and read. It is the one place that does; what is
// switched on while a service runs goes over it ([Config.Choices]).
func EventChoices(env *Env) event.Choices {
	return event.Choices{
		Versions:  env.OneOf("EVENT_VERSIONS", event.BothVersions, event.OnlyV1, event.BothVersions, event.OnlyV2),
		Style:     env.OneOf("EVENT_STYLE", event.Fat, event.Fat, event.Sparse, event.SparseCallback),
		Format:    env.OneOf("EVENT_FORMAT", event.MetadataFormat, event.MetadataFormat, event.CloudEventsFormat),
		Unguarded: env.OneOf("TRACERIA_EVENT_VALIDATION", "on", "on", "off") == "off",
	}
}

// Choices is how events are published and read at the moment, for what ctx is about.
func (c Config) Choices(ctx context.Context) event.Choices {
	if c.Events == nil {
		return event.Choices{}
	}
	return c.Events(ctx)
}

// overlap is how long the forms of OrderConfirmed that were published before a switch still are: in the meantime the
// process topology binds the queues to the new ones. A consumer that gets both handles one.
const overlap = 3 * time.Second

// switched returns the choices that are configured, over which the experiments event.format, event.versions and
// event.style go when they are switched on.
func switched(configured event.Choices) func(context.Context) event.Choices {
	var mu sync.Mutex
	last, before := configured.Confirmed(), []event.Type(nil)
	var until time.Time
	return func(ctx context.Context) event.Choices {
		c := configured
		if variant, on := failure.On(ctx, failure.EventStyle); on {
			c.Style, c.Switched = variant, true
		}
		if variant, on := failure.On(ctx, failure.EventVersions); on {
			c.Versions, c.Switched = variant, true
		}
		if variant, on := failure.On(ctx, failure.EventFormat); on {
			c.Format = variant
		}
		mu.Lock()
		defer mu.Unlock()
		if now := c.Confirmed(); !slices.Equal(now, last) {
			last, before, until = now, last, time.Now().Add(overlap)
		}
		if time.Now().Before(until) {
			c.Before = before
		}
		return c
	}
}

// OrderConfirmedVersions are the versions of OrderConfirmed that a consumer takes: {SERVICE}_ORDER_CONFIRMED, a list such
// as v1,v2. Unless it says otherwise that is v3 for the consumers that EVENT_STYLE makes sparse, and fallback for the others.
func OrderConfirmedVersions(env *Env, service string, fallback event.Type) []event.Type {
	switch style := EventChoices(NewEnv(env.lookup)).Style; { // what is wrong with it, Load says
	case style == event.SparseCallback, style == event.Sparse && service == "delivery":
		fallback = event.OrderConfirmedV3
	}
	name := strings.ToUpper(service) + "_ORDER_CONFIRMED"
	value := env.String(name, fallback.Version)
	var chosen []event.Type
	for version := range strings.SplitSeq(value, ",") {
		t, err := event.Lookup(fallback.Name, strings.TrimSpace(version))
		if err != nil || slices.Contains(chosen, t) {
			env.wrong(name, value, "one or more of v1, v2, v3, each once, such as v1,v2")
			return []event.Type{fallback}
		}
		chosen = append(chosen, t)
	}
	return chosen
}
