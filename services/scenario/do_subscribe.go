package scenario

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// guest is a subscriber that a run has added.
type guest struct {
	cmd *exec.Cmd
	// stay keeps the subscriber while it is open. docker exec passes no signal on, but the end of standard input.
	stay io.Closer
	done chan error
}

// leave ends the subscriber, which then deletes its queue.
func (g *guest) leave() {
	_ = g.stay.Close()
	select {
	case err := <-g.done:
		_ = err // it was told to end
	case <-time.After(leaveTime):
		_ = g.cmd.Process.Kill()
		err := <-g.done
		_ = err
	}
}

const leaveTime = 10 * time.Second

// subscribe starts traceria subscribe with the rights of the operator, and waits until it consumes.
func (t *run) subscribe(ctx context.Context, s Step) error {
	cmd := t.System.Control.Command(context.WithoutCancel(ctx), "topology", "subscribe", s.Subscribe, "--event", s.Event, "--for", "2m", "--attached")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stay, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	var wrong strings.Builder
	cmd.Stderr = &wrong
	if err := cmd.Start(); err != nil {
		return err
	}
	g := &guest{cmd: cmd, stay: stay, done: make(chan error, 1)}
	t.guests = append(t.guests, g)
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		ready <- lines.Scan()
		for lines.Scan() {
		}
		g.done <- cmd.Wait()
	}()
	select {
	case consumes := <-ready:
		if !consumes {
			return fmt.Errorf("the subscriber ended: %s", strings.TrimSpace(wrong.String()))
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
