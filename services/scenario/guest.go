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

// guest is a command that runs until it is told to leave.
type guest struct {
	cmd *exec.Cmd
	// stay keeps the command while it is open. docker exec passes no signal on, but the end of standard input.
	stay io.Closer
	done chan error
}

// leave ends the command, which then removes what it has made.
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

// join starts a command and waits for its first line. The caller must let the guest leave, also after an error, unless it is nil.
func join(ctx context.Context, cmd *exec.Cmd) (*guest, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stay, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	var wrong strings.Builder
	cmd.Stderr = &wrong
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &guest{cmd: cmd, stay: stay, done: make(chan error, 1)}
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		if lines.Scan() {
			close(ready)
		}
		for lines.Scan() {
		}
		err := cmd.Wait()
		close(ended)
		g.done <- err
	}()
	select {
	case <-ready:
		return g, nil
	case <-ended:
		return g, fmt.Errorf("it ended: %s", strings.TrimSpace(wrong.String()))
	case <-ctx.Done():
		return g, context.Cause(ctx)
	}
}
