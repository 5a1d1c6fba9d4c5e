package scenario

import (
	"context"
	"fmt"
	"strings"

	"traceria/services/failure"
)

// Possible says why the scenario cannot run on the system now, or nil. It touches nothing.
func (s System) Possible(ctx context.Context, one *Scenario) error {
	for _, part := range one.stops() {
		if err := s.Control.Can(ctx, part); err != nil {
			return fmt.Errorf("it stops %s: %w", part, err)
		}
	}
	if one.crashes() {
		if err := s.Control.Restarts(ctx); err != nil {
			return fmt.Errorf("a process dies in it and must start again: %w", err)
		}
	}
	if err := s.watched(ctx, one.Alerts()); err != nil {
		return fmt.Errorf("it waits for an alert: %w", err)
	}
	for _, step := range one.Steps {
		if err := s.permitted(ctx, step); err != nil {
			return err
		}
	}
	statuses, err := s.Switches.List(ctx)
	if err != nil {
		return err
	}
	for _, status := range statuses {
		if one.disturbedBy(status) && status.Active.Variant == failure.Custom {
			return fmt.Errorf("%s has a rule that was written by hand, which a scenario cannot put back; remove it: traceria failure clear %s", status.Key, status.Key)
		}
	}
	return nil
}

// permitted says why the step lacks a right at the broker, or nil.
func (s System) permitted(ctx context.Context, step Step) error {
	switch {
	case step.Redrive != "":
		owner, _, _ := strings.Cut(step.Redrive, ".")
		if err := s.Control.Rights(ctx, owner); err != nil {
			return fmt.Errorf("it redrives the dead letters of %s: %w", step.Redrive, err)
		}
	case step.Subscribe != "":
		if err := s.Control.Rights(ctx, watcher); err != nil {
			return fmt.Errorf("it adds the subscriber %s: %w", step.Subscribe, err)
		}
	}
	return nil
}

// disturbedBy reports whether a switch that is on would show in the trees. One for another customer does not.
func (s *Scenario) disturbedBy(status failure.Status) bool {
	return status.Active != nil && (status.Active.Customer == "" || s.sets(status.Key))
}
