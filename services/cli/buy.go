package cli

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
)

type buyOptions struct {
	count    int
	failure  string
	customer string
	wait     bool
	timeout  time.Duration
	json     bool
}

const maxOrders = 10_000

func newBuyCommand() *cobra.Command {
	var o buyOptions
	cmd := &cobra.Command{
		Use:     "buy",
		Short:   "Place orders",
		GroupID: groupTools,
		Long: `Place orders with the order service at ORDER_URL. Print order number, order id, trace id and the address of the trace in Jaeger.

With --wait the command shows the story of an order as it happens: its status, the queue that holds its message, failed
attempts, back-off and dead letters. It ends with exit code 1 as soon as an order cannot be delivered any more: the kitchen
rejected it, or its message is a dead letter. With --count it shows the number of orders in each status, and a line for each
order that goes wrong. The story is read from the order service, from Jaeger at JAEGER_URL (spans arrive a second or two
after their work) and from RabbitMQ at AMQP_URL, as far as this user may look.

If TRACEPARENT is set, the orders join that trace.`,
		Example: `  traceria buy --wait
  traceria buy --count 200 --wait
  traceria buy --failure kitchen.slow=10s --wait`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runBuy(cmd, o) },
	}
	flags := cmd.Flags()
	flags.IntVar(&o.count, "count", 1, "number of orders, 1 to 10000, placed at once")
	flags.StringVar(&o.failure, "failure", "", "failures for these orders only: key[=variant][, key…], sent as X-Traceria-Failure (see: traceria failure list)")
	flags.StringVar(&o.customer, "customer", "customer-1", "id of the customer")
	flags.BoolVar(&o.wait, "wait", false, "show the story until each order is delivered or cancelled; exit 1 if one cannot be delivered")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Minute, "how long to wait with --wait")
	addJSON(cmd, &o.json, "the order, or a list of orders if --count is more than 1")
	return cmd
}

func (o buyOptions) check() error {
	if o.count < 1 || o.count > maxOrders {
		return usagef("--count %d: want 1 to %d", o.count, maxOrders)
	}
	if o.timeout <= 0 {
		return usagef("--timeout %s: want more than 0", o.timeout)
	}
	return nil
}

func runBuy(cmd *cobra.Command, o buyOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := checkFailure(cmd, o.failure); err != nil {
		return err
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
			cmd.Printf("order %s %s  trace %s  %s\n", one.OrderNumber, one.OrderID, one.TraceID, one.Links.Jaeger)
		}
	}
	if o.wait {
		err = waitForOrders(cmd, config, orders, began, o)
	}
	if o.json {
		if printErr := printAnswers(cmd, orders); printErr != nil {
			return printErr
		}
	}
	return err
}

// checkFailure checks the value of the flag --failure.
func checkFailure(cmd *cobra.Command, text string) error {
	if cmd.Flag("failure").Changed && strings.TrimSpace(text) == "" {
		return usagef(`--failure "": want key[=variant][, key…] (see: traceria failure list)`)
	}
	if _, err := failure.WithHeader(cmd.Context(), text); err != nil {
		return settingError(err)
	}
	return nil
}

// printAnswers prints the answers of the order service as they came.
func printAnswers(cmd *cobra.Command, orders []orderclient.Order) error {
	answers := make([]json.RawMessage, len(orders))
	for i, one := range orders {
		answers[i] = one.Raw
	}
	if len(answers) == 1 {
		return printJSON(cmd, answers[0])
	}
	return printJSON(cmd, answers)
}
