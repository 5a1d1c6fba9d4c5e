package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"traceria/services/order/journey"
	"traceria/services/wait"
	"traceria/telemetry/tracetree"
)

// Traces says how many orders have a complete trace.
type Traces struct {
	// Checked is the number of orders whose trace was read, Complete those that lack nothing, and Absent those that Jaeger has no
	// span of.
	Checked  int `json:"checked"`
	Complete int `json:"complete"`
	Absent   int `json:"absent"`
	// Forgotten is the number of orders that could not be checked, because Jaeger keeps so many traces only.
	Forgotten int `json:"forgotten"`
	Kept      int `json:"kept"`
	// Incomplete are the first traces that lack something.
	Incomplete []Incomplete `json:"incomplete"`
	// Error says why traces were not read, or is "".
	Error string `json:"error,omitempty"`
}

// Incomplete is an order whose trace lacks something.
type Incomplete struct {
	OrderID string            `json:"orderId"`
	TraceID tracetree.TraceID `json:"traceId"`
	Lacks   string            `json:"lacks"`
}

const (
	// tracesAtOnce is the number of traces that are read at the same time.
	tracesAtOnce = 4
	// tracesLate is how long spans may be missing, as for traceria trace --wait, and tracesAgain the interval of looks.
	tracesLate  = 15 * time.Second
	tracesAgain = time.Second
	// tracesMost limits the reading of all traces. After an interrupt it is afterInterrupt.
	tracesMost = time.Hour
	// keptShare is the share of Jaeger's traces that is taken for granted: other programs make traces, too.
	keptShare = 0.8
)

// sampled is an order whose trace is checked.
type sampled struct {
	*order
	lacks  string // "" if the trace is complete
	absent bool
	tree   *tracetree.Tree
}

// readTraces checks a sample of the traces.
func (r *run) readTraces(ctx context.Context) (Traces, []Hop, []Share) {
	t := Traces{Kept: r.options.Kept, Incomplete: []Incomplete{}}
	sample := r.sample(ctx, &t)
	if len(sample) == 0 {
		return t, []Hop{}, []Share{}
	}
	if err := r.check(ctx, sample); err != nil {
		t.Error = err.Error()
		return t, []Hop{}, []Share{}
	}
	var times hopTimes
	for _, s := range sample {
		t.count(s)
		if s.tree != nil {
			times.add(s.tree)
		}
	}
	return t, times.hops(), times.shares()
}

func (t *Traces) count(s *sampled) {
	t.Checked++
	switch {
	case s.lacks == "":
		t.Complete++
		return
	case s.absent:
		t.Absent++
	}
	if len(t.Incomplete) < mostFirst {
		t.Incomplete = append(t.Incomplete, Incomplete{s.id, s.traceID, s.lacks})
	}
}

// sample chooses among the settled orders that Jaeger still has. In link mode an order has a trace for each hop.
func (r *run) sample(ctx context.Context, t *Traces) []*sampled {
	if r.options.Jaeger == nil || r.options.Sample == 0 || sleepUntilQuiet(ctx) != nil {
		return nil
	}
	all := r.ledger.list()
	newest := len(all) - 1
	for newest >= 0 && !all[newest].settled() {
		newest--
	}
	if newest < 0 {
		return nil
	}
	kept := max(1, int(float64(t.Kept)*keptShare)/r.tracesOf(ctx, all[newest]))
	forgotten := max(0, len(all)-kept)
	var settled []*order
	for i, o := range all {
		switch {
		case o.warm || !o.settled():
		case i < forgotten:
			t.Forgotten++
		default:
			settled = append(settled, o)
		}
	}
	var sample []*sampled
	for _, o := range pick(settled, r.options.Sample) {
		sample = append(sample, &sampled{order: o})
	}
	return sample
}

// tracesOf returns the number of traces of an order, at least 1.
func (r *run) tracesOf(ctx context.Context, o *order) int {
	s := &sampled{order: o}
	if r.read(ctx, s) != nil || s.tree == nil {
		return 1
	}
	return max(1, len(tracetree.Summarize(s.tree).Traces))
}

// check reads the traces until each is complete, at most for tracesLate.
func (r *run) check(ctx context.Context, sample []*sampled) error {
	late, most := tracesLate, tracesMost
	if r.interrupted {
		late, most = 0, afterInterrupt
	}
	ctx, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("they could not be read within %s", most))
	defer cancel()
	deadline := time.Now().Add(late)
	for pending := sample; ; {
		var mu sync.Mutex
		var left []*sampled
		group, reading := errgroup.WithContext(ctx)
		group.SetLimit(tracesAtOnce)
		for _, s := range pending {
			group.Go(func() error {
				if err := r.read(reading, s); err != nil {
					return err
				}
				if s.lacks != "" {
					mu.Lock()
					defer mu.Unlock()
					left = append(left, s)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		if len(left) == 0 || time.Now().After(deadline) || wait.For(ctx, tracesAgain) != nil {
			return r.readElsewhere(ctx, left)
		}
		pending = left
	}
}

// searches limits the searches in Jaeger for the other traces of an order. One takes a query for each service.
const searches = 100

// readElsewhere looks for what is missing in other traces of the orders. While trace.mode changes, some hops of an order have a
// trace of their own.
func (r *run) readElsewhere(ctx context.Context, incomplete []*sampled) error {
	for _, s := range incomplete[:min(len(incomplete), searches)] {
		if s.absent || ctx.Err() != nil {
			continue
		}
		spans, err := r.options.Jaeger.Conversation(ctx, s.id)
		if err := r.conclude(ctx, s, spans, err); err != nil {
			return err
		}
	}
	return nil
}

// read reads the trace of an order. If the trace has no process span, it looks for other traces of the order: in the modes link
// and none, each hop has a trace of its own.
func (r *run) read(ctx context.Context, s *sampled) error {
	spans, err := r.options.Jaeger.Trace(ctx, s.traceID)
	if err == nil && !hasConsumer(spans) && s.status != "cancelled" {
		spans, err = r.options.Jaeger.Conversation(ctx, s.id)
	}
	return r.conclude(ctx, s, spans, err)
}

// conclude says what the spans of an order lack.
func (r *run) conclude(ctx context.Context, s *sampled, spans []tracetree.Span, err error) error {
	if errors.Is(err, tracetree.ErrNotFound) {
		s.absent, s.lacks = true, "Jaeger has no span of it"
		return nil
	}
	if err != nil {
		return err
	}
	s.absent, s.tree = false, tracetree.Build(spans)
	s.lacks = r.lacks(ctx, s, spans)
	return nil
}

func hasConsumer(spans []tracetree.Span) bool {
	for _, s := range spans {
		if s.Kind == tracetree.KindConsumer {
			return true
		}
	}
	return false
}

// lacks says what a trace lacks, by the rule of traceria trace.
func (r *run) lacks(ctx context.Context, s *sampled, spans []tracetree.Span) string {
	if n := len(s.tree.Orphans); n > 0 {
		return fmt.Sprintf("%d spans have no parent, the first: %s", n, s.tree.Orphans[0].Name)
	}
	missing := journey.FindMissing(ctx, journey.Sources{
		Topology: r.options.Topology, Order: r.options.Order.Get,
	}, s.id, spans)
	switch {
	case missing == nil:
		return ""
	case len(missing.Gaps) > 0:
		return missing.Gaps[0].Expected
	default:
		return "process " + missing.Unseen[0]
	}
}
