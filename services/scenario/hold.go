package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// holder is a [Control] whose console keeps the lock of its runs where this program cannot see it.
type holder interface {
	hold(ctx context.Context) (release func(), err error)
}

// Hold lets no run begin until release is called, neither on the command line nor in the console. The error wraps [ErrBusy] if one
// goes on.
func (s System) Hold(ctx context.Context) (release func(), err error) {
	unlock, err := lock(s.Journal)
	if err != nil {
		return nil, err
	}
	h, ok := s.Control.(holder)
	if !ok {
		return unlock, nil
	}
	leave, err := h.hold(ctx)
	if err != nil {
		unlock()
		return nil, err
	}
	return func() { leave(); unlock() }, nil
}

// holdTime limits the start of a program in the container of the console.
const holdTime = 10 * time.Second

// hold takes the lock in the volume of the containers, through the console. A console that does not run holds none.
func (d docker) hold(ctx context.Context) (release func(), err error) {
	cmd := d.compose(context.WithoutCancel(ctx), "exec", "-T", "console", "/traceria", "scenario", "hold")
	detach(cmd)
	ctx, cancel := context.WithTimeout(ctx, holdTime)
	defer cancel()
	g, err := join(ctx, cmd)
	switch {
	case err == nil:
		return g.leave, nil
	case g == nil:
		return func() {}, nil // docker cannot be started: the run itself says so
	}
	g.leave()
	if strings.Contains(err.Error(), ErrBusy.Error()) {
		return nil, fmt.Errorf("%w in the console", ErrBusy)
	}
	return func() {}, nil
}
