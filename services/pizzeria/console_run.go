package pizzeria

import (
	"slices"
	"strings"
	"time"

	"traceria/services/console"
	"traceria/services/scenario"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// The limits of what a run keeps. A scenario of the repository stays far below them.
const (
	mostRunLines = 2000
	longestLine  = 4 << 10
	longestTree  = 512 << 10
)

// recording is a [scenario.Show] that keeps a run for the page. The lock of scenarios guards run.
type recording struct {
	of    *scenarios
	run   console.Run
	begun chan struct{} // closed when the first step comes
}

var _ scenario.Show = (*recording)(nil)

func (s *scenarios) record(one *scenario.Scenario) *recording {
	return &recording{of: s, begun: make(chan struct{}), run: console.Run{
		Scenario: one.Name, Title: one.Title, Started: time.Now(), Running: true, Of: len(one.Steps),
		Lines: []console.RunLine{}, Readings: []console.RunReading{},
	}}
}

// snapshot returns the run as it is now. The slices only grow, so their beginning can be shared.
func (r *recording) snapshot() *console.Run {
	now := r.run
	now.Lines, now.Readings = slices.Clip(now.Lines), slices.Clip(now.Readings)
	if now.Running {
		now.Seconds = time.Since(now.Started).Seconds()
	}
	return &now
}

// Begin implements [scenario.Show].
func (r *recording) Begin(*scenario.Scenario) { close(r.begun) }

// Step implements [scenario.Show].
func (r *recording) Step(number, of int, text string) {
	r.change(func(run *console.Run) {
		run.Step, run.Of = number, of
		r.line(text, false)
	})
}

// Detail implements [scenario.Show].
func (r *recording) Detail(text string) {
	r.change(func(*console.Run) {
		for line := range strings.SplitSeq(text, "\n") {
			r.line(line, true)
		}
	})
}

// Tree implements [scenario.Show]. The text of the tree is that of traceria scenario run.
func (r *recording) Tree(found scenario.Reading) {
	var text strings.Builder
	_ = tracetree.Print(&text, found.Tree, tracetree.PrintOptions{}) // a Builder fails never
	reading := console.RunReading{
		Of: found.Of, Look: found.Look, Golden: found.Golden, Difference: clip(found.Difference, longestTree), Tree: clip(text.String(), longestTree),
		Traces: slices.Clone(found.Traces), Journeys: conversations(found.Tree),
	}
	r.change(func(run *console.Run) { run.Readings = append(run.Readings, reading) })
}

// End implements [scenario.Show].
func (r *recording) End(result scenario.Result) {
	r.change(func(run *console.Run) {
		run.Passed, run.Refused, run.Error = result.Passed, result.Refused, result.Error
	})
}

func (r *recording) change(change func(run *console.Run)) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	change(&r.run)
	r.of.notify()
}

func (r *recording) line(text string, detail bool) {
	if len(r.run.Lines) == mostRunLines {
		return
	}
	r.run.Lines = append(r.run.Lines, console.RunLine{At: time.Now(), Step: r.run.Step, Text: clip(text, longestLine), Detail: detail})
}

// clip cuts a text between two characters.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// conversations returns the ids of the conversations in a tree.
func conversations(tree *tracetree.Tree) []string {
	ids := []string{}
	for _, span := range tree.Spans() {
		id, _ := span.Attributes[string(telemetry.ConversationKey)].(string)
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
