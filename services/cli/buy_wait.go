package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
)

// lastLookTime bounds the last look at the orders after the timeout.
const lastLookTime = 5 * time.Second

// waitForOrders shows the story of the orders until each has ended, and replaces them by their last answers.
func waitForOrders(cmd *cobra.Command, config host.Config, orders []orderclient.Order, began time.Time, o buyOptions) error {
	sources, done := pizzeria.JourneySources(config)
	defer done()
	told := newStory(cmd, began, len(orders), o.json)
	watch := journey.New(sources, orders, told)

	over := fmt.Errorf("--timeout %s is over", o.timeout)
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), o.timeout, over)
	defer cancel()
	watch.Run(ctx)
	if ctx.Err() != nil {
		late, cancel := context.WithTimeout(cmd.Context(), lastLookTime)
		defer cancel()
		watch.LastLook(late, context.Cause(ctx))
	}
	told.end()

	var failed []error
	for i, j := range watch.Journeys() {
		orders[i] = j.Order
		if j.Err != nil {
			failed = append(failed, j.Err)
		}
	}
	if !o.json {
		printCounts(cmd, orders, time.Since(began))
	}
	return summarized(failed, len(orders))
}

// summarized is the error of the only order, or of the first with the number of those that failed.
func summarized(failed []error, orders int) error {
	switch {
	case len(failed) == 0:
		return nil
	case orders == 1:
		return failed[0]
	default:
		return fmt.Errorf("%d of %d orders are not delivered, the first: %w", len(failed), orders, failed[0])
	}
}

// printCounts prints the number of orders in each status, the final ones first.
func printCounts(cmd *cobra.Command, orders []orderclient.Order, took time.Duration) {
	counts := map[string]int{}
	for _, one := range orders {
		counts[one.Status]++
	}
	for _, status := range journey.Statuses() {
		if n := counts[status]; n > 0 {
			cmd.Printf("%d %s after %s\n", n, status, took.Round(time.Millisecond))
		}
	}
}
