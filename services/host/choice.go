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

// EventChoices reads the configured form of events. Experiments override it at run time ([Config.Choices]).
func EventChoices(env *Env) event.Choices {
	return event.Choices{
		Versions:  env.OneOf("EVENT_VERSIONS", event.BothVersions, event.OnlyV1, event.BothVersions, event.OnlyV2),
		Style:     env.OneOf("EVENT_STYLE", event.Fat, event.Fat, event.Sparse, event.SparseCallback),
		Format:    env.OneOf("EVENT_FORMAT", event.MetadataFormat, event.MetadataFormat, event.CloudEventsFormat),
		Unguarded: env.OneOf("TRACERIA_EVENT_VALIDATION", "on", "on", "off") == "off",
	}
}

// Choices returns the current form of events for the order in ctx.
func (c Config) Choices(ctx context.Context) event.Choices {
	if c.Events == nil {
		return event.Choices{}
	}
	return c.Events(ctx)
}

// overlap is how long the previous forms of OrderConfirmed are still published after a switch. Meanwhile the process
// topology binds the queues to the new forms. A consumer that receives both handles one.
const overlap = 3 * time.Second

// switched returns the configured choices. The experiments event.format, event.versions and event.style override them.
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

// OrderConfirmedVersions returns the versions of OrderConfirmed that a consumer takes: {SERVICE}_ORDER_CONFIRMED, such
// as v1,v2. The default is v3 where EVENT_STYLE makes the consumer sparse, else fallback.
func OrderConfirmedVersions(env *Env, service string, fallback event.Type) []event.Type {
	switch style := EventChoices(NewEnv(env.lookup)).Style; { // Load reports a wrong EVENT_STYLE
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
