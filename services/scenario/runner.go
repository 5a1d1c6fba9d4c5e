package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/wait"
	"traceria/telemetry/tracetree"
)

// System is a running pizzeria.
type System struct {
	Order *orderclient.Client
	// Services are the addresses of the services by name.
	Services map[string]string
	Switches Switches
	Jaeger   *tracetree.Jaeger
	// JaegerURL is Jaeger's address for a browser.
	JaegerURL string
	// PrometheusURL is the address of the Prometheus with the alerts.
	PrometheusURL string
	Control       Control
	// Journal is the path of the file that says what a run has changed.
	Journal string
	// Ready says why the system is not ready, or nil.
	Ready func(ctx context.Context) error
}

// Runner runs scenarios, one after the other.
type Runner struct {
	System System
	Show   Show
	// Restore returns the context in which the changes of a run are put back, also when that of the run has ended. Nil means 30 s
	// after that end.
	Restore func(ctx context.Context) (context.Context, context.CancelFunc)
}

// Show is told what happens while scenarios run.
type Show interface {
	Begin(s *Scenario)
	Step(number, of int, text string)
	// Detail is what a step found out.
	Detail(text string)
	Tree(reading Reading)
	End(r Result)
}

// Result is the verdict on a scenario.
type Result struct {
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	Passed   bool   `json:"passed"`
	// Error says why it did not pass. Refused reports that nothing was touched.
	Error    string        `json:"error,omitempty"`
	Refused  bool          `json:"refused,omitempty"`
	Duration time.Duration `json:"-"`
	Seconds  float64       `json:"seconds"`
	Readings []Reading     `json:"readings"`
}

// Reading is a tree that was read from Jaeger.
type Reading struct {
	Of   string `json:"of"`
	Look string `json:"look"`
	// Golden is the file of the expected tree, and Difference what differs from it, or "".
	Golden     string `json:"golden"`
	Difference string `json:"difference,omitempty"`
	// Shape is what was found, in the form of a golden file.
	Shape  string          `json:"shape"`
	Traces []string        `json:"traces"`
	Jaeger []string        `json:"jaeger"`
	Tree   *tracetree.Tree `json:"tree"`
}

// ErrShape is the error of a tree that is not as expected.
var ErrShape = errors.New("the tree is not as expected")

// refusal is the error of a scenario that the system cannot run. Nothing was touched.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// restoreTime bounds what is put back after Ctrl-C.
const restoreTime = 30 * time.Second

// Run runs the scenarios and returns their results. What the last run left is put back first. The error is about the run as a
// whole: another run goes on, or the system is not ready.
func (r *Runner) Run(ctx context.Context, scenarios ...*Scenario) ([]Result, error) {
	release, err := r.System.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := r.repair(ctx); err != nil {
		return nil, err
	}
	if err := r.System.Ready(ctx); err != nil {
		return nil, err
	}
	results := make([]Result, 0, len(scenarios))
	for _, s := range scenarios {
		result := r.one(ctx, s)
		results = append(results, result)
		r.Show.End(result)
		if ctx.Err() != nil {
			return results, fmt.Errorf("interrupted: %w", context.Cause(ctx))
		}
	}
	return results, nil
}

func (r *Runner) restoring(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.Restore != nil {
		return r.Restore(ctx)
	}
	return wait.Longer(ctx, restoreTime)
}

// repair puts back what a run that crashed has left.
func (r *Runner) repair(ctx context.Context) error {
	left, err := readJournal(r.System.Journal)
	if err != nil || left == nil {
		return err
	}
	r.Show.Detail(fmt.Sprintf("the run of %s at %s did not end; its changes are put back", left.Scenario, left.Started.Local().Format(time.TimeOnly)))
	t := &run{Runner: r, journal: left}
	return t.putBack(ctx)
}

func (r *Runner) one(ctx context.Context, s *Scenario) Result {
	began := time.Now()
	r.Show.Begin(s)
	t := &run{
		Runner: r, scenario: s, customer: "scenario-" + uuid.NewString()[:8], groups: map[string][]*placed{}, saved: map[string]map[string]any{},
		journal: &journal{Scenario: s.Name, Started: began, Switches: map[failure.Key]*failure.Setting{}, path: r.System.Journal},
	}
	err := t.whole(ctx)
	result := Result{Scenario: s.Name, Title: s.Title, Passed: err == nil, Readings: t.readings, Duration: time.Since(began)}
	result.Seconds = result.Duration.Seconds()
	if err != nil {
		result.Error = err.Error()
		result.Refused = errors.As(err, &refusal{})
	}
	if result.Readings == nil {
		result.Readings = []Reading{}
	}
	return result
}

// run is one run of one scenario.
type run struct {
	*Runner
	scenario *Scenario
	customer string
	groups   map[string][]*placed
	saved    map[string]map[string]any
	journal  *journal
	readings []Reading
	guests   []*guest
	// alerted is the end of the last alert step.
	alerted time.Time
}

// placed is an order.
type placed struct {
	order orderclient.Order
	at    time.Time
}

// whole checks what the scenario needs, does its steps, and puts back what they changed.
func (t *run) whole(ctx context.Context) (err error) {
	if err := t.System.Possible(ctx, t.scenario); err != nil {
		return refusal{err}
	}
	defer func() {
		longer, cancel := t.restoring(ctx)
		defer cancel()
		err = errors.Join(err, t.putBack(longer))
	}()
	if err := t.quiet(ctx); err != nil {
		return err
	}
	for i, step := range t.scenario.Steps {
		t.Show.Step(i+1, len(t.scenario.Steps), t.describe(step))
		if err := t.step(ctx, step); err != nil {
			err = fmt.Errorf("step %d, %s: %w", i+1, t.describe(step), err)
			return errors.Join(err, t.readAfter(ctx, step.Settle, i+1))
		}
	}
	return nil
}

// describe describes a step, with the ids that are known.
func (t *run) describe(s Step) string {
	if text, err := t.expand(s.String()); err == nil {
		return text
	}
	return s.String()
}

// readAfter reads the trees of orders that did not settle, up to the next step that is no read: the trees say why.
func (t *run) readAfter(ctx context.Context, name string, from int) (err error) {
	steps := t.scenario.Steps
	for i := from; name != "" && i < len(steps) && steps[i].Read == name; i++ {
		t.Show.Step(i+1, len(steps), t.describe(steps[i]))
		err = errors.Join(err, t.step(ctx, steps[i]))
	}
	return err
}

// quiet switches off what would disturb. It comes back at the end.
func (t *run) quiet(ctx context.Context) error {
	statuses, err := t.System.Switches.List(ctx)
	if err != nil {
		return err
	}
	for _, s := range statuses {
		if t.scenario.disturbedBy(s) {
			t.Show.Detail(fmt.Sprintf("%s is %s; it is off during the run", s.Key, s.Active.Variant))
			if err := t.change(ctx, s.Key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// putBack undoes what the journal says: parts first, because the console may be one of them.
func (t *run) putBack(ctx context.Context) error {
	var wrong []error
	for _, g := range t.guests {
		g.leave()
	}
	for _, part := range t.journal.Stopped {
		t.Show.Detail("start " + part)
		if err := t.System.Control.Start(ctx, part); err != nil {
			wrong = append(wrong, fmt.Errorf("start %s again: %w", part, err))
		}
	}
	if t.journal.empty() { // the run has started what it stopped
		return t.journal.remove()
	}
	before := t.System.noticed(ctx)
	changed, err := restore(ctx, t.System.Switches, t.journal.Switches)
	if err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) > 0 {
		return errors.Join(append(wrong, errors.New("the next run tries again"))...)
	}
	settled := []error{t.journal.remove()}
	if len(changed) > 0 {
		settled = append(settled, t.followed(ctx, before, changed...))
	}
	if len(t.journal.Stopped) > 0 {
		settled = append(settled, t.awaitReady(ctx, restoreTime))
	}
	return errors.Join(settled...)
}
