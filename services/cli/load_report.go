package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/load"
)

// mostShown is the number of unfinished or doubled orders that are printed. The document of --json has 20.
const mostShown = 5

func printLoad(cmd *cobra.Command, r load.Report, json bool) error {
	if json {
		return printJSON(cmd, r)
	}
	out := newScreen(cmd.OutOrStdout())
	printOrders(out, &r)
	printTimes(out.w, r)
	printTraces(out, r)
	printHops(out, r)
	return nil
}

// printOrders prints what became of the orders.
func printOrders(out *screen, r *load.Report) {
	out.print(plain, fmt.Sprintf("%s load of %g orders/s for %s by customer %s", r.Profile, r.Rate, time.Duration(r.Duration), r.Customer))
	out.print(plain, fmt.Sprintf("offered    %d: %d placed, %d refused, %d not sent in time", r.Offered, r.Placed, r.Offered-r.Placed-r.Unsent, r.Unsent))
	if r.SentLate > 0 {
		out.print(plain, fmt.Sprintf("sent late  %d, by more than 100 ms; their times count from when they should have been sent", r.SentLate))
	}
	for _, refused := range r.Refused {
		out.print(yellow, fmt.Sprintf("refused    %d: %s", refused.Orders, oneLine(refused.What)))
	}
	line := fmt.Sprintf("delivered  %d", r.Delivered)
	if r.Cancelled > 0 {
		line += fmt.Sprintf(", %d cancelled", r.Cancelled)
	}
	if r.Interrupted {
		line += fmt.Sprintf(", %d under way when the load was interrupted", r.UnderWay)
	}
	out.print(plain, line)
	for _, fate := range load.Fates() {
		printUnfinished(out, fate, *r.Unfinished(fate))
	}
	printDoubled(out, r.Doubled)
	out.print(plain, fmt.Sprintf("rate held  %.1f placed/s, %.1f delivered/s", r.PlacedRate, r.DeliveredRate))
}

// fates say what the orders of a fate need.
var fates = map[load.Fate]string{
	load.Late:    "the system has them, and a longer --wait would show when they end",
	load.Dead:    "traceria dead redrive sends their dead letters back, once the cause is repaired",
	load.Lost:    "no part of the system has them",
	load.Unknown: "no part of the system says where they are",
}

// printUnfinished prints the orders of one fate. Of the lost ones it says that there are none.
func printUnfinished(out *screen, fate load.Fate, u load.Unfinished) {
	if u.Orders == 0 {
		if fate == load.Lost {
			out.print(plain, "lost       0")
		}
		return
	}
	states := make([]string, len(u.States))
	for i, s := range u.States {
		states[i] = fmt.Sprintf("%d %s", s.Orders, s.What)
	}
	style := red
	if fate == load.Late {
		style = yellow
	}
	out.print(style, fmt.Sprintf("%-9s  %d: still %s; %s", fate, u.Orders, strings.Join(states, ", "), fates[fate]))
	shown := u.First[:min(len(u.First), mostShown)]
	for _, o := range shown {
		out.print(plain, "  "+oneLine(fmt.Sprintf("%s %s  %s  %s", o.OrderNumber, o.OrderID, o.State, o.Where)))
	}
	printMore(out, u.Orders-len(shown))
}

func printDoubled(out *screen, doubled load.Doubles) {
	if doubled.Orders == 0 {
		out.print(plain, "doubled    0")
		return
	}
	out.print(red, fmt.Sprintf("doubled    %d", doubled.Orders))
	shown := doubled.First[:min(len(doubled.First), mostShown)]
	for _, d := range shown {
		out.print(plain, "  "+oneLine(fmt.Sprintf("%s %s  %s", d.OrderNumber, d.OrderID, strings.Join(d.Entries, "; "))))
	}
	printMore(out, doubled.Orders-len(shown))
}

func printMore(out *screen, more int) {
	if more > 0 {
		out.print(plain, fmt.Sprintf("  and %d more", more))
	}
}

// printTimes prints the quantiles.
func printTimes(w io.Writer, r load.Report) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\n\tp50\tp95\tp99\tmax")
	for _, row := range []struct {
		name string
		load.Quantiles
	}{{"answer", r.Answer}, {"to delivery", r.Delivery}} {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", row.name, short(row.P50), short(row.P95), short(row.P99), short(row.Max))
	}
	_ = table.Flush() // a failed write shows in [output]
}

// printTraces prints how many traces are complete, and what was dropped.
func printTraces(out *screen, r load.Report) {
	t := r.Traces
	switch {
	case t.Error != "":
		out.print(yellow, "traces     not checked: "+oneLine(t.Error))
	case t.Checked == 0:
		out.print(plain, "traces     none was checked")
	default:
		style := plain
		if t.Complete < t.Checked {
			style = yellow
		}
		line := fmt.Sprintf("traces     %d of %d that were checked are complete", t.Complete, t.Checked)
		if t.Absent > 0 {
			line += fmt.Sprintf(", %d are not in Jaeger at all", t.Absent)
		}
		out.print(style, line)
		shown := t.Incomplete[:min(len(t.Incomplete), mostShown)]
		for _, i := range shown {
			out.print(plain, "  "+oneLine(fmt.Sprintf("%s lacks: %s", i.TraceID, i.Lacks)))
		}
		printMore(out, t.Checked-t.Complete-len(shown))
	}
	if t.Forgotten > 0 {
		out.print(plain, fmt.Sprintf("           %d orders were not chosen from: Jaeger keeps %d traces only", t.Forgotten, t.Kept))
	}
	printDropped(out, r.Dropped)
}

func printDropped(out *screen, dropped []load.Dropped) {
	all, parts, unknown := int64(0), []string{}, []string{}
	for _, d := range dropped {
		all += d.Spans
		if d.Spans > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", d.Part, d.Spans))
		}
		if d.Unknown != "" {
			unknown = append(unknown, fmt.Sprintf("%s (%s)", d.Part, d.Unknown))
		}
	}
	line, style := fmt.Sprintf("dropped    %d spans", all), plain
	if all > 0 {
		line, style = line+": "+strings.Join(parts, ", "), yellow
	}
	if len(unknown) > 0 {
		line += "; not known of " + strings.Join(unknown, ", ")
	}
	out.print(style, oneLine(line))
}

// barWidth is the number of characters of the longest bar.
const barWidth = 30

// printHops prints where the time went.
func printHops(out *screen, r load.Report) {
	if len(r.Hops) == 0 {
		return
	}
	parts := make([]string, len(r.Path))
	for i, s := range r.Path {
		parts[i] = fmt.Sprintf("%s %.0f%%", s.Kind, 100*s.Share)
	}
	out.print(plain, "\nof the time to delivery: "+strings.Join(parts, ", "))
	longest := load.Time(1)
	for _, h := range r.Hops {
		longest = max(longest, middle(h))
	}
	retried := slices.ContainsFunc(r.Hops, func(h load.Hop) bool { return h.Retried > 0 })
	head, legend := "hop\twait p50\tp95\twork p50\tp95\t", "  ░ wait  █ work, median"
	if retried {
		head, legend = head+"back-off p50\tp95\tretried\t", "  ░ wait  █ work  ▒ back-off, median"
	}
	table := tabwriter.NewWriter(out.w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, head+legend)
	for _, h := range r.Hops {
		row := []string{printable(h.Name), short(h.Wait.P50), short(h.Wait.P95), short(h.Work.P50), short(h.Work.P95)}
		if retried {
			row = append(row, short(h.BackOff.P50), short(h.BackOff.P95), fmt.Sprint(h.Retried))
		}
		_, _ = fmt.Fprintln(table, strings.Join(append(row, bar(h, longest)), "\t"))
	}
	_ = table.Flush() // a failed write shows in [output]
}

func middle(h load.Hop) load.Time { return h.Wait.P50 + h.Work.P50 + h.BackOff.P50 }

// bar draws the medians of a hop. The longest of all hops has the whole width.
func bar(h load.Hop, longest load.Time) string {
	text, before := "  ", load.Time(0)
	for _, part := range []struct {
		sign string
		took load.Time
	}{{"░", h.Wait.P50}, {"▒", h.BackOff.P50}, {"█", h.Work.P50}} {
		from, to := before*barWidth/longest, (before+part.took)*barWidth/longest
		text += strings.Repeat(part.sign, int(to-from))
		before += part.took
	}
	return text
}

// short writes a time with two or three digits.
func short(t load.Time) string {
	switch d := time.Duration(t); {
	case d == 0:
		return "-"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
}
