package load

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"traceria/services/host"
	"traceria/services/load/pace"
	"traceria/services/order/orderclient"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// The bounds of the options.
const (
	LeastRate = 0.1
	MostRate  = 2000.0
	// MostOrders is what one run keeps in memory: about 300 bytes an order.
	MostOrders   = 500_000
	MostDuration = 2 * time.Hour
	MostWarmUp   = 10 * time.Minute
	MostWait     = 10 * time.Minute
	MostInFlight = 5000
)

// The defaults of the options.
const (
	DefaultWait     = 30 * time.Second
	DefaultSample   = 200
	DefaultInFlight = 500
	// DefaultKept is JAEGER_MAX_TRACES in collector/jaeger.yaml.
	DefaultKept = 5000
)

// All is the sample of every trace that Jaeger keeps.
const All = -1

// Options say what [Run] does. Order, Rate and Duration are needed.
type Options struct {
	// Rate is a number of orders in a second, from [LeastRate] to [MostRate].
	Rate     float64
	Duration time.Duration
	// Profile is steady if it is empty.
	Profile pace.Profile
	// WarmUp is a time at the same rate before Duration. Its orders are in no figure, but one that does not end or is doubled is reported.
	WarmUp time.Duration
	// Wait limits the time after the last order until all are delivered. 0 is [DefaultWait].
	Wait time.Duration
	// Sample is the number of traces that are checked, 0 for none or [All].
	Sample int
	// InFlight limits the requests that wait for an answer. 0 is [DefaultInFlight].
	InFlight int
	// Customer places the orders. The default is a new one.
	Customer string
	// Failure is for these orders only: the value of X-Traceria-Failure.
	Failure string

	// Order is the order service. A client of [orderclient.NewWithConnections] with InFlight connections is best.
	Order *orderclient.Client
	// Jaeger has the traces. Nil means that none is checked.
	Jaeger *tracetree.Jaeger
	// Kept is the number of traces that Jaeger keeps. 0 is [DefaultKept].
	Kept int
	// Topology says which spans must follow.
	Topology topology.Topology
	// Dropped returns how many spans each part has dropped since it started. It can be nil.
	Dropped func(ctx context.Context) []Dropped
	// Find says where an order is that did not end within the wait. It is called for several orders at the same time. Nil means
	// that all of them are [Unknown].
	Find func(ctx context.Context, orderID string, trace tracetree.TraceID) Whereabouts
	// Progress is called about twice a second, never at the same time. It can be nil.
	Progress func(Progress)
}

func (o Options) withDefaults() Options {
	if o.Profile == "" {
		o.Profile = pace.Steady
	}
	if o.Wait == 0 {
		o.Wait = DefaultWait
	}
	if o.InFlight == 0 {
		o.InFlight = DefaultInFlight
	}
	if o.Kept == 0 {
		o.Kept = DefaultKept
	}
	if o.Customer == "" {
		o.Customer = "load-" + uuid.NewString()[:8]
	}
	return o
}

func (o Options) plan() pace.Plan {
	return pace.Plan{Profile: o.Profile, Rate: o.Rate, Duration: o.Duration, WarmUp: o.WarmUp}
}

// Check says what is wrong with the options, and what is allowed. Zero stands for a default.
func (o Options) Check() error {
	o = o.withDefaults()
	if math.IsNaN(o.Rate) || o.Rate < LeastRate || o.Rate > MostRate {
		return fmt.Errorf("rate %g: want %g to %g orders in a second", o.Rate, LeastRate, MostRate)
	}
	if _, err := pace.ParseProfile(string(o.Profile)); err != nil {
		return err
	}
	for _, bound := range []struct {
		name               string
		value, least, most time.Duration
	}{
		{"duration", o.Duration, time.Second, MostDuration}, {"warm-up", o.WarmUp, 0, MostWarmUp}, {"wait", o.Wait, time.Second, MostWait},
	} {
		if bound.value < bound.least || bound.value > bound.most {
			return fmt.Errorf("%s %s: want %s to %s", bound.name, bound.value, bound.least, bound.most)
		}
	}
	if o.InFlight < 1 || o.InFlight > MostInFlight {
		return fmt.Errorf("in-flight %d: want 1 to %d requests", o.InFlight, MostInFlight)
	}
	if o.Sample < All {
		return fmt.Errorf("sample %d: want 0 or more traces, or all", o.Sample)
	}
	if n := o.plan().Count(); n > MostOrders {
		return fmt.Errorf("%d orders: want at most %d; lower the rate or the duration", n, MostOrders)
	}
	if err := host.CheckID("customerId", o.Customer); err != nil {
		return fmt.Errorf("customer %.80q: %w", o.Customer, err)
	}
	return nil
}
