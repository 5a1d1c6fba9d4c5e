package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// followTime is the default of --timeout: longer than the back-offs of a message that becomes a dead letter.
const followTime = 2 * time.Minute

// printWhy prints the critical path from the first span to the delivery, or to the last span of an order that was not delivered.
func printWhy(cmd *cobra.Command, tree *tracetree.Tree, o traceOptions) error {
	path := tracetree.CriticalPath(tree, journey.IsDelivery)
	if o.json {
		return printJSON(cmd, path)
	}
	if reason := path.Reason(); reason != "" {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n", reason); err != nil {
			return fmt.Errorf("print the reason: %w", err)
		}
	}
	return tracetree.PrintPath(cmd.OutOrStdout(), path, printOptions(cmd.OutOrStdout()))
}

// printAgainst prints the difference between two orders or traces.
func printAgainst(cmd *cobra.Command, config host.Config, tree *tracetree.Tree, o traceOptions) error {
	about, err := parseSubject(o.against)
	if err != nil {
		return err
	}
	other, err := about.tree(cmd, config, o.wait)
	if err != nil {
		return err
	}
	difference := tracetree.Differ(tree, other)
	if o.json {
		return printJSON(cmd, difference)
	}
	return tracetree.PrintDifference(cmd.OutOrStdout(), difference, printOptions(cmd.OutOrStdout()))
}

// followOrder prints the story of an order until it has ended.
func followOrder(cmd *cobra.Command, config host.Config, about subject, o traceOptions) error {
	if o.timeout <= 0 {
		return usagef("--timeout %s: want a time above 0, for example 2m", o.timeout)
	}
	order, err := about.order(cmd.Context(), config)
	if err != nil {
		return err
	}
	placed := time.Now()
	if len(order.Timeline) > 0 {
		placed = order.Timeline[0].At
	}
	orders := []orderclient.Order{order}
	err = waitForOrders(cmd, config, orders, placed, buyOptions{timeout: o.timeout, json: o.json})
	if o.json {
		return errors.Join(err, printJSON(cmd, orders[0].Raw))
	}
	return err
}

// order asks the order service for the order of the subject. The spans of a trace say which order it is about.
func (s subject) order(ctx context.Context, config host.Config) (orderclient.Order, error) {
	client := orderclient.New(config.URLs["order"])
	if s.orderNumber != "" {
		return client.FindNumber(ctx, s.orderNumber)
	}
	if s.traceID != "" {
		spans, err := tracetree.NewJaeger(config.JaegerURL, nil).Trace(ctx, s.traceID)
		if err != nil {
			return orderclient.Order{}, err
		}
		if s.conversation = conversationOf(spans); s.conversation == "" {
			return orderclient.Order{}, fmt.Errorf("trace %s is not about an order: no span has traceria.conversation", s.traceID)
		}
	}
	return client.Get(ctx, s.conversation)
}

func conversationOf(spans []tracetree.Span) string {
	for _, span := range spans {
		if id, _ := span.Attributes[string(telemetry.ConversationKey)].(string); id != "" {
			return id
		}
	}
	return ""
}
