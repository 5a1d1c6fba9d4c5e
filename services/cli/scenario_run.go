package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/scenario"
	"traceria/telemetry/tracetree"
)

type scenarioRunOptions struct {
	names       []string
	all, json   bool
	mystery     mysteryOptions
	conformance conformanceOptions
}

func newScenarioRunCommand() *cobra.Command {
	var o scenarioRunOptions
	cmd := &cobra.Command{
		Use:   "run NAME... | --all",
		Short: "Run scenarios and check their traces",
		Long: `Run scenarios, one after the other, on the system that make up, docker compose up or traceria all has started. Each prints
its steps, the trees that it read from Jaeger, what to look at, and a verdict. If a tree is not as expected, the verdict has the
difference, and the exit code is 1.

Switches that are on are off during the run and on again afterwards. If a run is killed, the next one repairs what it left.
Some scenarios stop a part of the system. They need the folder from which it was started, and are refused under traceria all.
Those whose names begin with alert wait for an alert, and need a Prometheus (PROMETHEUS_URL).`,
		Example: "  traceria scenario run transient-error\n  traceria scenario run --all\n  traceria scenario run mystery --level 2\n" +
			"  traceria scenario run conformance --queue mine.order-boxed --exchange conformance",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return runScenarioRun(cmd, o)
		},
	}
	addJSON(cmd, &o.json, "a list of {scenario, passed, error, readings}")
	cmd.Flags().BoolVar(&o.all, "all", false, "run every scenario, without mystery and conformance")
	addMysteryFlags(cmd, &o.mystery)
	addConformanceFlags(cmd, &o.conformance)
	return cmd
}

func runScenarioRun(cmd *cobra.Command, o scenarioRunOptions) error {
	alone := ""
	if len(o.names) == 1 && !o.all {
		alone = o.names[0]
	}
	for name, flags := range map[string][]string{mysteryName: mysteryFlags, conformanceName: conformanceFlags} {
		if alone == name {
			continue
		}
		for _, flag := range flags {
			if cmd.Flags().Changed(flag) {
				return usagef("--%s belongs to: traceria scenario run %s", flag, name)
			}
		}
	}
	o.mystery.json, o.conformance.json = o.json, o.json
	switch alone {
	case mysteryName:
		return runMystery(cmd, o.mystery)
	case conformanceName:
		return runConformance(cmd, o.conformance)
	}
	chosen, err := o.chosen(cmd)
	if err != nil {
		return err
	}
	system, err := runningSystem(cmd)
	if err != nil {
		return err
	}
	show := newScenarioShow(cmd, o.json)
	runner := scenario.Runner{System: system, Show: show}
	results, err := runner.Run(cmd.Context(), chosen...)
	if o.json {
		err = errors.Join(err, printJSON(cmd, append([]scenario.Result{}, results...)))
	} else if len(results) > 1 {
		show.summary(results)
	}
	return errors.Join(err, failed(results))
}

func (o scenarioRunOptions) chosen(cmd *cobra.Command) ([]*scenario.Scenario, error) {
	switch {
	case o.all && len(o.names) > 0:
		return nil, usagef("--all and names cannot be used together\nsee: %s --help", cmd.CommandPath())
	case o.all:
		return scenario.All(), nil
	case len(o.names) == 0:
		return nil, usagef("NAME is missing: want names, or --all; traceria scenario list shows them\nsee: %s --help", cmd.CommandPath())
	}
	var chosen []*scenario.Scenario
	for _, name := range o.names {
		s, err := scenario.Find(name)
		if err != nil {
			return nil, usageError{err}
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// failed is the error of the results that did not pass.
func failed(results []scenario.Result) error {
	var names []string
	for _, r := range results {
		if !r.Passed {
			names = append(names, r.Scenario)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d scenarios did not pass: %s", len(names), len(results), strings.Join(names, ", "))
}

// scenarioShow prints a run. It implements [scenario.Show].
type scenarioShow struct {
	screen *screen
	cmd    *cobra.Command
	quiet  bool
}

var _ scenario.Show = (*scenarioShow)(nil)

// newScenarioShow prints on standard output, or, when that is for a JSON document, the steps on standard error.
func newScenarioShow(cmd *cobra.Command, json bool) *scenarioShow {
	out := cmd.OutOrStdout()
	if json {
		out = cmd.ErrOrStderr()
	}
	return &scenarioShow{screen: newScreen(out), cmd: cmd, quiet: json}
}

// Begin implements [scenario.Show].
func (s *scenarioShow) Begin(one *scenario.Scenario) {
	s.screen.print(bold, one.Name+": "+one.Title)
}

// Step implements [scenario.Show].
func (s *scenarioShow) Step(number, of int, text string) {
	s.screen.print(plain, fmt.Sprintf("  %d/%d  %s", number, of, oneLine(text)))
}

// Detail implements [scenario.Show].
func (s *scenarioShow) Detail(text string) {
	for line := range strings.SplitSeq(printable(text), "\n") {
		s.screen.print(plain, "       "+line)
	}
}

// mostAddresses is the number of Jaeger's addresses that are printed.
const mostAddresses = 3

// Tree implements [scenario.Show].
func (s *scenarioShow) Tree(r scenario.Reading) {
	if s.quiet {
		return
	}
	s.screen.print(plain, "")
	_ = tracetree.Print(s.screen.w, r.Tree, printOptions(s.screen.w)) // a failed write shows in output
	s.screen.print(plain, "")
	s.screen.print(yellow, "Look at: "+r.Look)
	for i, address := range r.Jaeger {
		if i == mostAddresses {
			s.screen.print(plain, fmt.Sprintf("and %d more traces", len(r.Jaeger)-i))
			break
		}
		s.screen.print(plain, address)
	}
	if r.Difference == "" {
		s.screen.print(green, "as expected ("+r.Golden+")")
	} else {
		s.screen.print(red, "not as expected ("+r.Golden+"):")
		s.screen.print(plain, printable(strings.TrimRight(r.Difference, "\n")))
	}
	s.screen.print(plain, "")
}

// End implements [scenario.Show].
func (s *scenarioShow) End(r scenario.Result) { s.verdict(r, true) }

func (s *scenarioShow) verdict(r scenario.Result, why bool) {
	took := r.Duration.Round(100 * time.Millisecond)
	switch {
	case r.Passed:
		s.screen.print(green, fmt.Sprintf("%s: passed after %s", r.Scenario, took))
	case r.Refused:
		s.screen.print(yellow, fmt.Sprintf("%s: refused, nothing was touched", r.Scenario))
	default:
		s.screen.print(red, fmt.Sprintf("%s: did not pass, after %s", r.Scenario, took))
	}
	if why && r.Error != "" {
		s.Detail(r.Error)
	}
}

// summary prints a line for each scenario.
func (s *scenarioShow) summary(results []scenario.Result) {
	s.screen.print(plain, "")
	for _, r := range results {
		s.verdict(r, false)
	}
}
