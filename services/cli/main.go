// Package cli has the commands of traceria, a file for each. A command reads its flags into an options struct and calls a run
// function with it. JSON output goes through printJSON.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/pizzeria"
)

// Main runs the command line and returns the exit code: 0 for success, 1 for a failure, 2 for a wrong command line or
// configuration.
func Main() int {
	// Containers and process-compose send SIGTERM, Ctrl-C sends SIGINT. A second signal ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root, out := newRoot(), &output{to: os.Stdout}
	root.SetOut(out) // cobra would print results to standard error
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.failed
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "traceria: %v\n", err)
	var wrong usageError
	if errors.As(err, &wrong) || errors.Is(err, host.ErrConfiguration) {
		return 2
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "traceria",
		Short: "A pizzeria in which every order leaves a trace",
		Long: `Traceria is an event-driven pizzeria to be looked at and broken. Its services exchange
events over RabbitMQ; every order can be seen end to end in Jaeger.

First steps:
  traceria play            one order and its trace tree; needs RabbitMQ only
  make up                  the whole system, with Collector and Jaeger
  traceria buy --wait      place an order and wait until it is delivered
  traceria trace ORDER     its trace, read from Jaeger`,
		Version:       pizzeria.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          asUsage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w\nsee: %s --help", err, cmd.CommandPath())
	})
	root.AddGroup(&cobra.Group{ID: groupServices, Title: "Services:"}, &cobra.Group{ID: groupTools, Title: "Tools:"})
	for _, service := range pizzeria.All() {
		root.AddCommand(newServiceCommand(service))
	}
	root.AddCommand(newAllCommand(), newPlayCommand(), newBuyCommand(), newTraceCommand(), newStatusCommand(),
		newTopologyCommand(), newDeadCommand(), newEventsCommand(), newFailureCommand())
	return root
}

const (
	groupServices = "services"
	groupTools    = "tools"
)
