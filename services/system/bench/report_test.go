package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Report is the result of a run. A section that did not run is absent.
type Report struct {
	Size     string            `json:"size"`
	Began    time.Time         `json:"began"`
	Took     map[string]string `json:"took"`
	Cores    int               `json:"cores"`
	Go       string            `json:"go"`
	RabbitMQ string            `json:"rabbitmq"`
	Aims     []Aim             `json:"aims"`
	Highest  *Highest          `json:"highestRate,omitempty"`
	Cost     *Cost             `json:"cost,omitempty"`
	Flat     *Flat             `json:"flat,omitempty"`
	Offered  []Trial           `json:"offered,omitempty"`
	Tracing  []Variant         `json:"tracing,omitempty"`
	Replicas []Replicas        `json:"replicas,omitempty"`
	HotROD   *HotROD           `json:"hotrod,omitempty"`
	Peers    []Peer            `json:"peers,omitempty"`
	Soak     *Soak             `json:"soak,omitempty"`
}

// Aim is a promise about the system, and what was measured.
type Aim struct {
	What string `json:"aim"`
	Got  string `json:"measured"`
	Met  bool   `json:"met"`
}

// finish compares what was measured with the aims.
func (r *Report) finish(b *bench) {
	if b.smoke() { // too few orders for any of them
		return
	}
	add := func(met bool, what, got string, args ...any) {
		r.Aims = append(r.Aims, Aim{what, fmt.Sprintf(got, args...), met})
	}
	if h := r.Highest; h != nil {
		add(h.Held >= 130, "130 orders/s with complete traces", "%.1f", h.Held)
		for _, trial := range h.Trials {
			if h.Held > 0 && trial.Rate == h.Held {
				add(trial.Sum <= 14, "at most 14 ms of CPU an order", "%.2f ms at %.1f orders/s", trial.Sum, trial.Rate)
			}
		}
	}
	if f := r.Flat; f != nil && len(f.Trials) > 0 {
		last := f.Trials[len(f.Trials)-1]
		add(last.Load.Traces.Complete == last.Load.Traces.Checked && last.Load.Traces.Checked > 0, "every conversation whole at 80% of the rate that is held",
			"%d of %d at %.1f orders/s", last.Load.Traces.Complete, last.Load.Traces.Checked, last.Rate)
		add(f.Spread <= 0.1, "the cost of an order is flat within 10% over the rates", "%.1f%%, and %.1f%% without what the idle system uses", 100*f.Spread, 100*f.NetSpread)
	}
	found := r.variants()
	on, off, unsampled := found[variantSampled], found[variantOff], found[variantUnsampled]
	if len(on.Trials) > 0 && len(off.Trials) > 0 && len(unsampled.Trials) > 0 {
		add(on.ThroughputRatio >= 0.95, "tracing costs at most 5% of throughput at the default detail",
			"%.1f%% of that without telemetry (quartiles %.1f%% to %.1f%%), %.1f%% of the unsampled; CPU of an order %+.1f%% and %+.1f%%, of the services alone %+.1f%% and %+.1f%%",
			100*(1-on.ThroughputRatio), 100*(1-on.High), 100*(1-on.Low), 100*(1-on.ratio(unsampled, delivered)),
			100*(on.CPURatio-1), 100*(on.ratio(unsampled, cpu)-1), 100*(on.ratio(off, Trial.services)-1), 100*(on.ratio(unsampled, Trial.services)-1))
	}
	if len(r.Offered) > 0 {
		wrong := 0
		for _, trial := range r.Offered {
			wrong += trial.Load.NotEnded() + trial.Load.Doubled.Orders
		}
		add(wrong == 0, fmt.Sprintf("every placed order ends, and none is doubled, at %.0f orders/s offered", r.Offered[len(r.Offered)-1].Rate), "%d others", wrong)
	}
	if r.HotROD != nil {
		r.HotROD.Ours = b.spanCost()
	}
}

func (r *Report) variants() map[string]Variant {
	found := map[string]Variant{}
	for _, v := range r.Tracing {
		found[v.Name] = v
	}
	return found
}

// spanCost compares the sampled and the unsampled variant.
func (b *bench) spanCost() *SpanCost {
	r := b.report
	if r.Cost == nil || r.Cost.Spans == 0 {
		return nil
	}
	found := r.variants()
	on, off := found[variantSampled], found[variantUnsampled]
	if on.CPU == 0 || off.CPU == 0 {
		return nil
	}
	n := float64(r.Cost.Spans) / 1000
	return &SpanCost{Process: (on.Services - off.Services) / n, Whole: (on.CPU - off.CPU) / n}
}

// write writes the report so far.
func (b *bench) write(t *testing.T) {
	t.Helper()
	if *folder == "" {
		return
	}
	out := *folder
	if !filepath.IsAbs(out) { // go test runs in the folder of the package
		out = filepath.Join(filepath.Dir(inRepository(t)), out)
	}
	text, err := json.MarshalIndent(b.report, "", "  ")
	if err == nil {
		err = os.MkdirAll(out, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(out, "report.json"), append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(out, "report.txt"), []byte(b.report.String()), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// String is the report as text.
func (r *Report) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "The whole system on %d cores, %s, RabbitMQ %s, %s, size %s\n", r.Cores, r.Go, r.RabbitMQ, r.Began.Format(time.RFC3339), r.Size)
	for _, a := range r.Aims {
		fmt.Fprintf(&w, "  %-7s %-64s %s\n", map[bool]string{true: "met", false: "missed"}[a.Met], a.What, a.Got)
	}
	r.rates(&w)
	r.costs(&w)
	r.tracing(&w)
	r.peers(&w)
	r.memory(&w)
	fmt.Fprintf(&w, "\nthe sections took: ")
	for _, name := range slices.Sorted(maps.Keys(r.Took)) {
		fmt.Fprintf(&w, "%s %s  ", name, r.Took[name])
	}
	w.WriteString("\n")
	return w.String()
}

const trialHead = "offered/s  placed refused unsent  delivered/s   p50 ms   p99 ms  complete traces  CPU ms/order  busy  seconds\n"

func (r Trial) line() string {
	l := r.Load
	return fmt.Sprintf("%9.1f %7d %7d %6d %12.1f %8.0f %8.0f %8d of %4d %13.2f %4.0f%% %8.0f\n", r.Rate, l.Placed, refused(l), l.Unsent, r.Delivered,
		time.Duration(l.Delivery.P50).Seconds()*1000, time.Duration(l.Delivery.P99).Seconds()*1000, l.Traces.Complete, l.Traces.Checked, r.Sum,
		100*r.Sending.Busy, r.Took)
}

func (r *Report) rates(w *strings.Builder) {
	if h := r.Highest; h != nil {
		fmt.Fprintf(w, "\nthe highest rate that is held with complete traces: %.1f orders/s\n", h.Held)
		if h.Missed > 0 {
			fmt.Fprintf(w, "  at %.1f: %s\n  limit: %s\n", h.Missed, h.Why, h.Limit)
		} else {
			fmt.Fprintf(w, "  no rate was missed: the highest is above that\n")
		}
		w.WriteString(trialHead)
		for _, trial := range h.Trials {
			w.WriteString(trial.line())
		}
	}
	if f := r.Flat; f != nil {
		fmt.Fprintf(w, "\na quarter, a half and four fifths of %.1f orders/s: the cost of an order varies by %.1f%%\n  without what the idle system uses: %s ms an order, by %.1f%%\n%s",
			f.Sustained, 100*f.Spread, joined(f.Net), 100*f.NetSpread, trialHead)
		for _, trial := range f.Trials {
			w.WriteString(trial.line())
		}
	}
	if len(r.Offered) > 0 {
		fmt.Fprintf(w, "\nfrom few orders to far too many\n%s", trialHead)
		for _, trial := range r.Offered {
			w.WriteString(trial.line())
		}
		fmt.Fprintf(w, "  limit of the last: %s\n", r.Offered[len(r.Offered)-1].limit())
	}
	if len(r.Replicas) > 0 {
		fmt.Fprintf(w, "\nkitchens on one PostgreSQL, each with room for 20 orders/s (12 cooks, %s a ticket)\n", cookingTime)
		for _, one := range r.Replicas {
			fmt.Fprintf(w, "%9d %12.1f orders/s %8.2f ms of CPU an order; limit: %s\n", one.Kitchens, one.Trial.Delivered, one.Trial.Sum, one.Limit)
		}
	}
}

func joined(values []float64) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, fmt.Sprintf("%.2f", v))
	}
	return strings.Join(parts, ", ")
}

func (r *Report) costs(w *strings.Builder) {
	c := r.Cost
	if c == nil {
		return
	}
	fmt.Fprintf(w, "\nwhat an order costs at %.1f orders/s: %.2f ms of CPU; %d spans; the idle system\n", c.Trial.Rate, c.Trial.Sum, c.Spans)
	names := slices.SortedFunc(maps.Keys(c.Trial.CPU), func(a, b string) int { return cmp.Compare(c.Trial.CPU[b], c.Trial.CPU[a]) })
	for _, name := range names {
		fmt.Fprintf(w, "  %-12s %7.2f ms an order %8.1f ms a second when idle\n", name, c.Trial.CPU[name], c.Idle[name])
	}
	for _, signal := range slices.Sorted(maps.Keys(c.Bytes)) {
		fmt.Fprintf(w, "  OTLP %-8s %8.0f bytes an order at %.1f orders/s\n", signal, c.Bytes[signal], c.BytesRate)
	}
}

func (r *Report) tracing(w *strings.Builder) {
	if len(r.Tracing) > 0 {
		fmt.Fprintf(w, "\n%-12s orders/s  of %s (quartiles)     CPU ms/order  of %s  of it services\n", "tracing", r.Tracing[0].Name, r.Tracing[0].Name)
	}
	for _, v := range r.Tracing {
		fmt.Fprintf(w, "%-12s %8.1f %7.3f (%.3f to %.3f) %15.2f %7.3f %14.2f\n", v.Name, v.Delivered, v.ThroughputRatio, v.Low, v.High, v.CPU, v.CPURatio, v.Services)
	}
	for _, v := range r.Tracing {
		fmt.Fprintf(w, "  %-10s CPU ms/order by process:", v.Name)
		for _, name := range slices.Sorted(maps.Keys(v.By)) {
			fmt.Fprintf(w, " %s %.2f", name, v.By[name])
		}
		w.WriteString("\n")
	}
	h := r.HotROD
	if h == nil {
		return
	}
	fmt.Fprintf(w, "\nHotROD, %d spans a request\n  unsampled %8.1f requests/s %7.2f ms of CPU a request, %.2f with Collector and Jaeger\n  sampled   %8.1f requests/s %7.2f ms of CPU a request, %.2f with Collector and Jaeger\n"+
		"  %.0f%% of the requests fail by its simulated timeouts; a span costs %.0f µs of CPU in the process, %.0f on its whole way\n",
		h.Spans, h.Unsampled.Rate, h.Unsampled.CPU, h.Unsampled.Whole, h.Sampled.Rate, h.Sampled.CPU, h.Sampled.Whole, 100*h.Sampled.Failed, h.Span.Process, h.Span.Whole)
	if h.Ours != nil {
		fmt.Fprintf(w, "  a span of an order costs %.0f µs of CPU in the services, %.0f on its whole way\n", h.Ours.Process, h.Ours.Whole)
	}
}

func (r *Report) peers(w *strings.Builder) {
	last := ""
	way := map[string]float64{} // CPU of a message that is published in a window and consumed
	for _, p := range r.Peers {
		if p.Workload != last {
			fmt.Fprintf(w, "\n%-24s messages/s  of amqp091-go  (quartiles)      client CPU µs/message\n", p.Workload)
			last = p.Workload
		}
		fmt.Fprintf(w, "  %-20s %12.0f %14.3f  %.3f to %.3f %18.1f\n", p.Library, p.Rate, p.Ratio, p.Low, p.High, p.CPU)
		if p.Workload != oneAtATime {
			way[p.Library] += p.CPU
		}
	}
	for _, name := range slices.Sorted(maps.Keys(way)) {
		fmt.Fprintf(w, "  a message's whole way with %-16s %6.1f µs of client CPU\n", name, way[name])
	}
}

func (r *Report) memory(w *strings.Builder) {
	s := r.Soak
	if s == nil {
		return
	}
	fmt.Fprintf(w, "\n%s at %.1f orders/s: %d of %d orders delivered, %d of %d traces complete\n", s.Time, s.Rate, s.Load.Delivered, s.Load.Placed,
		s.Load.Traces.Complete, s.Load.Traces.Checked)
	if s.TooShort {
		fmt.Fprintf(w, "  it was too short for a slope: want -soak of at least %s\n", settledAfter)
	}
	for _, m := range s.Memory {
		fmt.Fprintf(w, "  %-12s %7.0f MB at first %7.0f MB at last %7.0f MB at most %+9.1f MB an hour\n", m.Process, m.First, m.Last, m.Most, m.Slope)
	}
}
