package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
	"traceria/services/scenario/conformance"
)

// conformanceName is the scenario that checks a service of one's own.
const conformanceName = "conformance"

type conformanceOptions struct {
	queue, exchange, service string
	orders, json             bool
	count                    int
	timeout                  time.Duration
}

// conformanceFlags are the flags that only conformance has.
var conformanceFlags = []string{"queue", "exchange", "service", "orders", "count", "timeout"}

// addConformanceFlags adds the flags of conformance to the command that runs scenarios.
func addConformanceFlags(cmd *cobra.Command, o *conformanceOptions) {
	flags := cmd.Flags()
	flags.StringVar(&o.queue, "queue", "", "conformance: the queue that your service consumes")
	flags.StringVar(&o.exchange, "exchange", "", "conformance: the exchange that the queue is bound to")
	flags.StringVar(&o.service, "service", "", "conformance: the service.name of its spans; without it every service that is not Traceria's")
	flags.BoolVar(&o.orders, "orders", false, "conformance: place real orders, so that your service takes the place of delivery")
	flags.IntVar(&o.count, "count", 0, "conformance: the number of messages; 0 means 3")
	flags.DurationVar(&o.timeout, "timeout", 0, "conformance: the longest wait; 0 means 30s")
}

// errNotConforming is the error of a service that breaks a rule.
var errNotConforming = errors.New("a rule does not hold")

func runConformance(cmd *cobra.Command, o conformanceOptions) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	options := conformance.Options{
		AMQPURL: config.AMQPURL, JaegerURL: config.JaegerURL, JaegerPublicURL: config.JaegerPublicURL, Queue: o.queue, Exchange: o.exchange,
		Service: o.service, Count: o.count, Timeout: o.timeout, Version: pizzeria.Version(), Progress: cmd.ErrOrStderr(),
	}
	if o.orders {
		options.OrderURL = config.URLs["order"]
	}
	if err := options.Check(); err != nil {
		return usageError{err}
	}
	report, err := conformance.Run(cmd.Context(), options)
	if err != nil {
		return err
	}
	if o.json {
		err = printJSON(cmd, report)
	} else {
		err = report.Print(cmd.OutOrStdout())
	}
	if !report.Holds {
		err = errors.Join(err, errNotConforming)
	}
	return err
}
