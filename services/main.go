// Traceria is a pizzeria in which every order leaves a trace: an event-driven system to be looked at and broken.
// This binary is all of it: a subcommand per service and per tool.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/console"
	"traceria/services/delivery"
	"traceria/services/host"
	"traceria/services/kitchen"
	"traceria/services/loyalty"
	"traceria/services/order"
	"traceria/services/staff"
	"traceria/services/topology"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "development"

func main() { os.Exit(run()) }

// run is main with an exit code: 0 done, 1 it did not work, 2 it was asked for in a wrong way.
func run() int {
	// Containers and process-compose stop a process with SIGTERM, people with Ctrl-C. A second signal ends it at once.
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

// output is standard output, and remembers that something could not be written: a command whose result went nowhere has
// not done its work.
type output struct {
	to     io.Writer
	failed error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.failed == nil {
		o.failed = fmt.Errorf("write the result: %w", err)
	}
	return n, err
}

// terminal is the terminal to which w writes, or nil when that is something else.
func terminal(w io.Writer) *os.File {
	if out, ok := w.(*output); ok {
		w = out.to
	}
	if file, ok := w.(*os.File); ok && isatty.IsTerminal(file.Fd()) {
		return file
	}
	return nil
}

// coloured says whether what is written to w may have colours: on a terminal, unless NO_COLOR is set (https://no-color.org).
func coloured(w io.Writer) bool {
	return terminal(w) != nil && os.Getenv("NO_COLOR") == ""
}

// usageError is a command line that is not allowed.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

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
		Version:       buildVersion(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          asUsage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w\nsee: %s --help", err, cmd.CommandPath())
	})
	root.AddGroup(&cobra.Group{ID: groupServices, Title: "Services:"}, &cobra.Group{ID: groupTools, Title: "Tools:"})
	for _, service := range everything() {
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

// asUsage makes a wrong number of arguments, or an unknown command, a usage error.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w\nsee: %s --help", err, cmd.CommandPath())
		}
		return nil
	}
}

// services are the businesses of the pizzeria, in the order of an order's way.
func services() []host.Service {
	return []host.Service{order.Service(), kitchen.Service(), delivery.Service(), loyalty.Service(), staff.Service()}
}

// everything is what runs: the businesses, and the console, which takes no part in an order and is no user of the broker.
func everything() []host.Service { return append(services(), console.Service()) }

// known is the topology of the whole system as this process's environment has it.
func known() topology.Topology { return topologyIn(host.NewEnv(nil)) }

// byDefault is the topology of a system that nobody has configured: what is made from the code must not depend on the shell
// in which somebody made it.
func byDefault() topology.Topology {
	return topologyIn(host.NewEnv(func(string) (string, bool) { return "", false }))
}

func topologyIn(env *host.Env) topology.Topology {
	var t topology.Topology
	for _, service := range services() {
		t.Subscriptions = append(t.Subscriptions, broker.TopologyOf(service.Describe(env).Subscriptions()).Subscriptions...)
	}
	return t
}

// configuration reads the environment, with what the named services alone are configured by.
func configuration(with ...host.Service) (host.Config, error) {
	env := host.NewEnv(nil)
	config := host.Load(env)
	if unknown := config.BackOff.Unknown(known().Subscriptions); len(unknown) > 0 {
		env.Also(fmt.Errorf("TRACERIA_RETRY_BACKOFF: there is no subscription %s; traceria dead list --json names them", strings.Join(unknown, ", ")))
	}
	for _, service := range with {
		if service.Check != nil {
			service.Check(env)
		}
	}
	return config, env.Err()
}

func buildVersion() string {
	if version != "development" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}
