package pizzeria

import (
	"context"
	"slices"
	"strings"
	"time"

	"traceria/services/host"
	"traceria/services/load"
	"traceria/services/order/journey"
	"traceria/telemetry/tracetree"
)

// answersKept is how long an answer of RabbitMQ and of the services serves the search for several orders.
const answersKept = time.Second

// FindOrders returns a function that says where an order is that did not end. The caller must call done.
func FindOrders(config host.Config) (find func(ctx context.Context, orderID string, trace tracetree.TraceID) load.Whereabouts, done func()) {
	sources, done := JourneySources(config)
	jaeger := tracetree.NewJaeger(config.JaegerURL, nil)
	recent := journey.NewRecent(sources, answersKept)
	return func(ctx context.Context, orderID string, trace tracetree.TraceID) load.Whereabouts {
		spans, err := jaeger.Trace(ctx, trace)
		found := whereabouts(journey.FindMissing(ctx, recent.Sources(), orderID, spans), err)
		if found.Fate != load.Lost && found.Fate != load.Unknown {
			return found
		}
		// In link mode the order has other traces. The answers that were kept may be older than the trace.
		spans, err = sources.Spans(ctx, orderID)
		recent.Forget()
		return whereabouts(journey.FindMissing(ctx, recent.Sources(), orderID, spans), err)
	}, done
}

// whereabouts concludes from what an order lacks. err says why its spans could not be read.
func whereabouts(m *journey.Missing, err error) load.Whereabouts {
	switch {
	case m != nil && len(m.Gaps) > 0:
		worst := slices.MaxFunc(m.Gaps, func(a, b journey.Gap) int {
			return slices.Index(gravity, fate(a.Place)) - slices.Index(gravity, fate(b.Place))
		})
		return load.Whereabouts{Fate: fate(worst.Place), Where: worst.Expected + ": " + worst.Where}
	case err != nil:
		return load.Whereabouts{Fate: load.Unknown, Where: err.Error()}
	case m == nil:
		return load.Whereabouts{Fate: load.Unknown, Where: "its trace lacks nothing"}
	default:
		return load.Whereabouts{Fate: load.Lost, Where: "no span and no queue has " + strings.Join(m.Unseen, ", ")}
	}
}

// gravity lists the fates from the least to the most serious. The most serious fate of its messages is that of the order.
var gravity = []load.Fate{load.Late, load.Unknown, load.Dead, load.Lost}

// fate returns the fate of an order with a message at the place.
func fate(p journey.Place) load.Fate {
	switch p {
	case journey.DeadQueue:
		return load.Dead
	case journey.Gone, journey.NeverSent:
		return load.Lost
	case journey.Unsure:
		return load.Unknown
	default:
		return load.Late
	}
}
