package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/wait"
)

// step does one step.
func (t *run) step(ctx context.Context, s Step) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.within(), fmt.Errorf("not within %s", s.within()))
	defer cancel()
	switch s.verbs()[0] {
	case "set":
		return t.set(ctx, s)
	case "clear":
		return t.change(ctx, failure.Key(s.Clear), nil)
	case "order":
		return t.place(ctx, s)
	case "settle":
		return t.settle(ctx, s)
	case "request":
		return t.request(ctx, s)
	case "read":
		return t.read(ctx, s)
	case "map":
		return t.drawMap(ctx, s)
	case "agree":
		return t.agree(ctx, s)
	case "alert":
		return t.alert(ctx, s)
	case "stop":
		return t.stop(ctx, s.Stop)
	case "start":
		return t.start(ctx, s)
	case "wait":
		return wait.For(ctx, s.Wait)
	case "redrive":
		return t.redrive(ctx, s.Redrive)
	case "subscribe":
		return t.subscribe(ctx, s)
	case "command":
		return t.command(ctx, s.Command)
	case "refused":
		return t.refused(ctx, s)
	default: // a note
		return nil
	}
}

// set switches a key on.
func (t *run) set(ctx context.Context, s Step) error {
	entry, variant, err := parseSwitch(s.Set)
	if err != nil {
		return err
	}
	setting := failure.Setting{Variant: variant}
	if s.Only != "" {
		setting.Customer = t.customer
	}
	return t.change(ctx, entry.Key, &setting)
}

// change sets a key and waits until all services follow. The setting before is in the journal first.
func (t *run) change(ctx context.Context, key failure.Key, setting *failure.Setting) error {
	statuses, err := t.System.Switches.List(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(statuses, func(s failure.Status) bool { return s.Key == key })
	if i < 0 {
		return fmt.Errorf("the console does not know the key %s", key)
	}
	if _, known := t.journal.Switches[key]; !known {
		t.journal.Switches[key] = statuses[i].Active
		if err := t.journal.write(); err != nil {
			return err
		}
	}
	if reflect.DeepEqual(statuses[i].Active, setting) {
		return nil
	}
	before := t.System.noticed(ctx)
	if err := t.System.Switches.Set(ctx, key, setting); err != nil {
		return err
	}
	return t.followed(ctx, before, key)
}

const (
	// followTime is how long a service takes to follow the switches. On a loaded machine it takes longer.
	followTime = time.Second
	// longestFollowTime limits the wait for a service that notices nothing, because the setting is that of before.
	longestFollowTime = 10 * time.Second
	// overlapTime exceeds the time for which the forms of before a switch are still published and bound.
	overlapTime = 6 * time.Second
)

// followed waits until every service acts as the switches say. The overlap of two forms of an event begins when a service notices
// the change, and it notices when it is asked.
func (t *run) followed(ctx context.Context, before map[string]int64, keys ...failure.Key) error {
	err := t.System.awaitNoticed(ctx, before)
	if slices.Contains(keys, failure.EventStyle) || slices.Contains(keys, failure.EventVersions) {
		_ = t.System.Ready(ctx) // only the question matters
		err = errors.Join(err, wait.For(ctx, overlapTime))
	}
	return err
}

// noticed returns the number of changes of the flags that each service has noticed. It omits a service that is not ready.
func (s System) noticed(ctx context.Context) map[string]int64 {
	counts := map[string]int64{}
	for name, address := range s.Services {
		var now host.Readiness
		if text, err := get(ctx, address+"/readyz"); err == nil && json.Unmarshal(text, &now) == nil && now.FlagChanges > 0 {
			counts[name] = now.FlagChanges
		}
	}
	return counts
}

// awaitNoticed waits until each service has noticed a change since before.
func (s System) awaitNoticed(ctx context.Context, before map[string]int64) error {
	err := wait.For(ctx, followTime)
	for deadline := time.Now().Add(longestFollowTime); err == nil && time.Now().Before(deadline); err = wait.For(ctx, pollTime) {
		now, behind := s.noticed(ctx), false
		for name, count := range now {
			behind = behind || before[name] == count
		}
		if !behind {
			break
		}
	}
	return err
}

// stop stops a part. The journal has it first.
func (t *run) stop(ctx context.Context, part string) error {
	t.journal.Stopped = append(t.journal.Stopped, part)
	if err := t.journal.write(); err != nil {
		return err
	}
	return t.System.Control.Stop(ctx, part)
}

func (t *run) start(ctx context.Context, s Step) error {
	if err := t.System.Control.Start(ctx, s.Start); err != nil {
		return err
	}
	if !s.Others {
		if err := t.awaitReady(ctx, s.within()); err != nil {
			return err
		}
	}
	t.journal.Stopped = slices.DeleteFunc(t.journal.Stopped, func(stopped string) bool { return stopped == s.Start })
	return t.journal.write()
}

// awaitReady waits until the whole system is ready.
func (t *run) awaitReady(ctx context.Context, within time.Duration) error {
	return t.await(ctx, within, func() error { return t.System.Ready(ctx) })
}

// await asks until there is no error, and returns the last one when the time is over. A question that the end of the time has
// interrupted says nothing.
func (t *run) await(ctx context.Context, within time.Duration, ask func() error) error {
	deadline := time.Now().Add(within)
	var last error
	for {
		err := ask()
		if err != nil && ctx.Err() != nil && last != nil {
			return errors.Join(context.Cause(ctx), last)
		}
		if err == nil || time.Now().After(deadline) {
			return err
		}
		last = err
		if over := wait.For(ctx, pollTime); over != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

const pollTime = 200 * time.Millisecond

// expand replaces ${customer}, ${NAME.id} and ${NAME.FIELD}.
func (t *run) expand(text string) (string, error) {
	var wrong error
	out := os.Expand(text, func(name string) string {
		if name == "customer" {
			return t.customer
		}
		who, field, _ := strings.Cut(name, ".")
		if group := t.groups[who]; len(group) > 0 && field == "id" {
			return group[0].order.OrderID
		}
		if value, ok := t.saved[who][field]; ok {
			return fmt.Sprint(value)
		}
		wrong = fmt.Errorf("${%s} is not known here", name)
		return ""
	})
	return out, wrong
}

// group returns the orders that a step has named.
func (t *run) group(name string) ([]*placed, error) {
	group := t.groups[name]
	if len(group) == 0 {
		return nil, fmt.Errorf("no order is called %s", name)
	}
	return group, nil
}

// command runs a command of traceria and shows the beginning of what it says.
func (t *run) command(ctx context.Context, line string) error {
	text, err := output(t.System.Control.Command(ctx, "order", strings.Fields(line)...))
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > shownLines {
		lines = append(lines[:shownLines], fmt.Sprintf("… and %d lines", len(lines)-shownLines))
	}
	t.Show.Detail(strings.Join(lines, "\n"))
	return nil
}

const shownLines = 40

// refused runs a command that must fail and say why.
func (t *run) refused(ctx context.Context, s Step) error {
	_, err := output(t.System.Control.Command(ctx, "order", strings.Fields(s.Refused)...))
	if err == nil {
		return errors.New("it was not refused")
	}
	if !strings.Contains(err.Error(), s.Says) {
		return fmt.Errorf("the refusal does not say %q: %w", s.Says, err)
	}
	t.Show.Detail(err.Error())
	return nil
}

// redrive sends the dead letters of a queue back, with the rights of its owner.
func (t *run) redrive(ctx context.Context, queue string) error {
	owner, _, _ := strings.Cut(queue, ".")
	text, err := output(t.System.Control.Command(ctx, owner, "dead", "redrive", queue))
	if err == nil {
		t.Show.Detail(strings.TrimSpace(string(text)))
	}
	return err
}
