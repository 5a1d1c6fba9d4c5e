package systemtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"traceria/services/broker/wire"

	"github.com/rabbitmq/amqp091-go"
)

// Process is a running program of the system.
type Process struct {
	Name string
	Cmd  *exec.Cmd
	Out  *Buffer
	done chan error
}

// Launch starts a program with the system's environment and more variables.
func (s *System) Launch(t *testing.T, name string, more []string, binary string, args ...string) *Process {
	t.Helper()
	p := &Process{Name: name, Out: &Buffer{}, done: make(chan error, 1)}
	p.Cmd = exec.CommandContext(context.Background(), binary, args...) // the process outlives the test that starts it
	env := s.Env
	if env == nil {
		env = os.Environ()
	}
	p.Cmd.Env = append(append([]string{}, env...), append(more, AsBinary+"=1")...)
	p.Cmd.Stdout, p.Cmd.Stderr = p.Out, p.Out
	if err := p.Cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() { p.done <- p.Cmd.Wait() }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Running = append(s.Running, p)
	return p
}

// stopTime is the promised limit of a service's stop.
const stopTime = 10 * time.Second

// End sends SIGTERM and returns the result of the program.
func (p *Process) End() error {
	_ = p.Cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(stopTime):
		_ = p.Cmd.Process.Kill()
		return fmt.Errorf("%s did not stop within %s:\n%s", p.Name, stopTime, p.Out)
	}
}

// Traceria runs a command to its end and returns its standard output. The error contains the standard error.
func (s *System) Traceria(args ...string) (string, error) { return s.TraceriaWith(nil, args...) }

// TraceriaWith is Traceria with more environment variables (NAME=value).
func (s *System) TraceriaWith(more []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	env := s.Env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(append([]string{}, env...), append(more, AsBinary+"=1")...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("traceria %s: %w: %s", strings.Join(args, " "), err, errOut.String())
	}
	return out.String(), nil
}

// ExitCode returns the exit code in an error of Traceria, or 0.
func ExitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

// Buffer collects the output of a process. It is safe for concurrent use.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Channel opens a channel as guest until the test ends.
func (s *System) Channel(t *testing.T) *amqp091.Channel {
	t.Helper()
	conn, err := wire.Dial(t.Context(), s.Broker.URL, "the test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// Forget removes killed processes, by name, from those that must exit with 0.
func (s *System) Forget(killed map[string]*Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Running = slices.DeleteFunc(s.Running, func(p *Process) bool { return killed[p.Name] == p })
}
