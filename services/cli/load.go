package cli

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/load"
	"traceria/services/load/pace"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

type loadOptions struct {
	load.Options
	profile, sample string
	json            bool
}

func newLoadCommand() *cobra.Command {
	var o loadOptions
	cmd := &cobra.Command{
		Use:     "load",
		Short:   "Place orders at a rate and report what became of them",
		GroupID: groupTools,
		Long: `Place orders at a rate, whether those before were answered or not, and report what became of them: placed, delivered, late,
dead, lost and doubled orders, times, complete traces, dropped spans, and where the time went.

Every time counts from when the order should have been sent. An order that cannot be sent within a second, because --in-flight
requests wait for an answer, is not sent, and the report counts it.

The two cooks of the kitchen finish at most about 13 orders a second. For a higher rate clock more cooks in (POST
/staff/NAME/clock-in of the staff service), or raise --wait.

  --profile steady   the same rate all the time
  --profile ramp     from 0 to the rate, in a straight line: half as many orders
  --profile burst    ten times the rate for a second, then nine seconds of silence

An order that is neither delivered nor cancelled within --wait, or whose points do not come, is

  late      if a queue, a consumer or an outbox has it: it goes on by itself
  dead      if it is in a dead-letter queue: traceria dead redrive sends it back
  lost      if no part of the system has it any more
  unknown   if no part of the system says where it is, or the 20 s to search for all of them were over

It is doubled if its timeline has an event twice. The exit code is 0 if every placed order was delivered or cancelled in time and
none was doubled, else 1. The time to delivery is that of OrderDelivered in the timeline, so the clocks must agree.

After the orders the traces of a sample are read from Jaeger at JAEGER_URL. A trace is complete if traceria trace misses nothing in
it. Jaeger keeps 5000 traces (JAEGER_MAX_TRACES, which this command reads, too). The sample comes from the newest four fifths of them.

Ctrl-C ends the sending, waits a few seconds for what is under way, and prints the report so far. A second one ends at once.`,
		Example: `  traceria load --rate 10 --duration 1m
  traceria load --rate 20 --duration 1m --warm-up 10s --wait 2m --sample all
  traceria load --profile burst --rate 10 --failure kitchen.error --json`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runLoad(cmd, o) },
	}
	flags := cmd.Flags()
	flags.Float64Var(&o.Rate, "rate", 10, "orders in a second, 0.1 to 2000")
	flags.DurationVar(&o.Duration, "duration", 30*time.Second, "how long to send, 1s to 2h, and at most 500000 orders")
	flags.StringVar(&o.profile, "profile", string(pace.Steady), "the course of the rate: steady, ramp or burst")
	flags.DurationVar(&o.WarmUp, "warm-up", 0, "send at the rate for this time before the measurement, at most 10m; these orders are in no figure")
	flags.DurationVar(&o.Wait, "wait", load.DefaultWait, "how long to wait for the last deliveries, 1s to 10m")
	flags.StringVar(&o.sample, "sample", strconv.Itoa(load.DefaultSample), "how many traces to check: a number, or all")
	flags.IntVar(&o.InFlight, "in-flight", load.DefaultInFlight, "requests that may wait for an answer at the same time, 1 to 5000")
	flags.StringVar(&o.Customer, "customer", "", "id of the customer (default: a new one)")
	flags.StringVar(&o.Failure, "failure", "", "failures for these orders only: key[=variant][, key…], sent as X-Traceria-Failure")
	addJSON(cmd, &o.json, "the report, with times in milliseconds")
	return cmd
}

func runLoad(cmd *cobra.Command, o loadOptions) error {
	if err := o.complete(cmd); err != nil {
		return err
	}
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	if o.Kept, err = keptTraces(); err != nil {
		return err
	}
	client, done := orderclient.NewWithConnections(config.URLs["order"], o.InFlight)
	defer done()
	find, close := pizzeria.FindOrders(config)
	defer close()
	told := newLoadProgress(cmd)
	o.Order, o.Jaeger, o.Topology = client, tracetree.NewJaeger(config.JaegerURL, nil), pizzeria.Configured(config)
	o.Dropped, o.Find, o.Progress = pizzeria.DroppedSpans(config), find, told.print
	report, err := load.Run(cmd.Context(), o.Options)
	told.end()
	if err != nil && report.Started.IsZero() {
		return err
	}
	return errors.Join(printLoad(cmd, report, o.json), err, loadError(report))
}

// complete reads the flags that are texts, and checks all.
func (o *loadOptions) complete(cmd *cobra.Command) error {
	if err := checkFailure(cmd, o.Failure); err != nil {
		return err
	}
	o.Profile = pace.Profile(o.profile)
	if o.profile == "" || o.Wait == 0 || o.InFlight == 0 || cmd.Flag("customer").Changed && o.Customer == "" {
		return o.refuseZero(cmd)
	}
	if o.Sample = load.All; o.sample != "all" {
		n, err := strconv.Atoi(o.sample)
		if err != nil || n < 0 {
			return usagef("--sample %q: want a number from 0, or all", o.sample)
		}
		o.Sample = n
	}
	if err := o.Check(); err != nil {
		if name, _, _ := strings.Cut(err.Error(), " "); cmd.Flags().Lookup(name) != nil {
			return usagef("--%w", err)
		}
		return usagef("%w", err)
	}
	return nil
}

// refuseZero refuses a zero value, which stands for a default in the options of a load and is a mistake on a command line.
func (o *loadOptions) refuseZero(cmd *cobra.Command) error {
	for name, want := range map[string]string{
		"profile": "steady, ramp or burst", "wait": "1s to 10m", "in-flight": "1 to 5000", "customer": "an id",
	} {
		if value := cmd.Flag(name).Value.String(); cmd.Flag(name).Changed && (value == "" || value == "0" || value == "0s") {
			return usagef("--%s %q: want %s", name, value, want)
		}
	}
	return nil
}

// keptTraces returns the number of traces that Jaeger keeps, as collector/jaeger.yaml reads it.
func keptTraces() (int, error) {
	const name = "JAEGER_MAX_TRACES"
	text := os.Getenv(name)
	if text == "" {
		return load.DefaultKept, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: %s=%.40q: want a number from 1", host.ErrConfiguration, name, text)
	}
	return n, nil
}

// loadError is the error of a load whose report is printed.
func loadError(r load.Report) error {
	if err := r.Err(); err != nil || !r.Interrupted {
		return err
	}
	return errors.New("interrupted: the report has the orders so far")
}
