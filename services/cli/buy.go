package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
)

// buyOptions are the flags of buy.
type buyOptions struct {
	count    int
	failure  string
	customer string
	wait     bool
	timeout  time.Duration
	json     bool
}

// lastLookTime is how long it may take, after the timeout, to see what has become of the orders.
const lastLookTime = 5 * time.Second

func newBuyCommand() *cobra.Command {
	var o buyOptions
	cmd := &cobra.Command{
		Use:     "buy",
		Short:   "Place orders",
		GroupID: groupTools,
		Long: `Place one order or many with the order service at ORDER_URL, and print order id, trace id and the
address of the trace in Jaeger. With TRACEPARENT in the environment the orders join that trace.`,
		Example: "  traceria buy --wait\n  traceria buy --count 200 --wait\n  traceria buy --failure kitchen.slow=10s --wait",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return buy(cmd, o) },
	}
	flags := cmd.Flags()
	flags.IntVar(&o.count, "count", 1, "how many orders, 1 to 10000, all at once")
	flags.StringVar(&o.failure, "failure", "", "what is switched on for these orders only: key[=variant][, key…], sent as X-Traceria-Failure (traceria failure list)")
	flags.StringVar(&o.customer, "customer", "customer-1", "the customer's id")
	flags.BoolVar(&o.wait, "wait", false, "wait until every order is delivered or cancelled; exit 1 if one is not")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Minute, "how long to wait with --wait")
	flags.BoolVar(&o.json, "json", false, "print the answers as one JSON document: an object, or a list when --count is more than 1")
	return cmd
}

func buy(cmd *cobra.Command, o buyOptions) error {
	if o.count < 1 || o.count > 10000 {
		return usagef("--count %d: want 1 to 10000", o.count)
	}
	if o.timeout <= 0 {
		return usagef("--timeout %s: want more than 0", o.timeout)
	}
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	client := orderclient.New(config.URLs["order"])
	began := time.Now()
	orders, err := client.PlaceAll(orderclient.CallerContext(cmd.Context()), o.count, o.customer, o.failure)
	if err != nil {
		return err
	}
	if !o.json {
		for _, one := range orders {
			cmd.Printf("order %s  trace %s  %s\n", one.OrderID, one.TraceID, one.Links.Jaeger)
		}
	}
	var waitErr error
	if o.wait {
		waitErr = awaitAll(cmd, client, orders, o, began)
	}
	if o.json {
		return joinJSON(cmd, orders, waitErr)
	}
	return waitErr
}

// awaitAll replaces each order by what became of it, and fails when one is not settled in time.
func awaitAll(cmd *cobra.Command, client *orderclient.Client, orders []orderclient.Order, o buyOptions, began time.Time) error {
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), o.timeout, fmt.Errorf("--timeout %s is over", o.timeout))
	defer cancel()
	late, cancelLate := context.WithTimeout(cmd.Context(), o.timeout+lastLookTime)
	defer cancelLate()
	var group errgroup.Group
	group.SetLimit(orderclient.AtOnce)
	for i := range orders {
		group.Go(func() error {
			last, err := client.Await(ctx, orders[i].OrderID)
			if err != nil { // those that wait for a place among the fifty have not been looked at for long
				last, err = client.LastLook(late, last, orders[i].OrderID, err)
			}
			if last.OrderID != "" {
				orders[i] = last
			}
			return err
		})
	}
	err := group.Wait()
	if o.json {
		return err
	}
	counts := map[string]int{}
	for _, one := range orders {
		counts[one.Status]++
	}
	for _, status := range []string{
		"delivered", "cancelled", "created", "confirmed", "preparing", "boxed", "out-for-delivery",
	} {
		if n := counts[status]; n > 0 {
			cmd.Printf("%d %s after %s\n", n, status, time.Since(began).Round(time.Millisecond))
		}
	}
	return err
}

// joinJSON prints the answers as they came, also when not every order was settled.
func joinJSON(cmd *cobra.Command, orders []orderclient.Order, waitErr error) error {
	answers := make([]json.RawMessage, len(orders))
	for i, one := range orders {
		answers[i] = one.Raw
	}
	if len(answers) == 1 {
		return firstError(printJSON(cmd, answers[0]), waitErr)
	}
	return firstError(printJSON(cmd, answers), waitErr)
}
