package host

import (
	"slices"
	"strings"

	"traceria/services/event"
)

// EventChoices reads how events are published and read. It is the one place that does, so that switches which act while
// a service runs can take its place ([Config.Events]).
func EventChoices(env *Env) event.Choices {
	return event.Choices{
		Versions:  env.OneOf("EVENT_VERSIONS", event.BothVersions, event.OnlyV1, event.BothVersions, event.OnlyV2),
		Style:     env.OneOf("EVENT_STYLE", event.Fat, event.Fat, event.Sparse, event.SparseCallback),
		Format:    env.OneOf("EVENT_FORMAT", event.MetadataFormat, event.MetadataFormat, event.CloudEventsFormat),
		Unguarded: env.OneOf("TRACERIA_EVENT_VALIDATION", "on", "on", "off") == "off",
	}
}

// Choices is how events are published and read at the moment.
func (c Config) Choices() event.Choices {
	if c.Events == nil {
		return event.Choices{}
	}
	return c.Events()
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
