package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"traceria/services/pizzeria"
)

// The groups of commands in the help text.
const (
	groupServices = "services"
	groupTools    = "tools"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "traceria",
		Short: "A pizzeria in which every order leaves a trace",
		Long: `Traceria is a small event-driven system that you can watch and break. Its services exchange events over RabbitMQ.
Jaeger shows each order from end to end.

First steps:
  traceria play            one order and its trace tree; needs RabbitMQ only
  make up                  start the whole system, with Collector and Jaeger
  traceria buy --wait      place an order and follow it until it is delivered
  traceria trace ORDER     print its trace tree, read from Jaeger`,
		Example:       "  traceria buy --wait",
		Version:       pizzeria.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          asUsage(cobra.NoArgs),
		RunE:          showHelp,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			err = fmt.Errorf("--%s %q: want %s", wrong.GetFlag().Name, wrong.GetValue(), wanted(wrong.GetFlag().Value.Type()))
		}
		return usagef("%w\nsee: %s --help", err, cmd.CommandPath())
	})
	root.AddGroup(&cobra.Group{ID: groupServices, Title: "Services:"}, &cobra.Group{ID: groupTools, Title: "Tools:"})
	for _, service := range pizzeria.All() {
		root.AddCommand(newServiceCommand(service))
	}
	root.AddCommand(newAllCommand(), newPlayCommand(), newBuyCommand(), newLoadCommand(), newTraceCommand(), newMapCommand(), newStatusCommand(),
		newTopologyCommand(), newDeadCommand(), newEventsCommand(), newFailureCommand(), newScenarioCommand(), newSubscribeCommand())
	return root
}

// wanted says what the value of a flag is, by the name of its type.
func wanted(flagType string) string {
	switch flagType {
	case "int":
		return "a whole number"
	case "float64":
		return "a number"
	case "duration":
		return "a time such as 500ms, 30s or 2m"
	case "bool":
		return "true or false"
	default:
		return "a " + flagType
	}
}
