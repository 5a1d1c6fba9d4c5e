package systemtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// restartPause is the supervisor's pause before a restart.
const restartPause = 100 * time.Millisecond

// Supervised is a service under a supervisor, which restarts it whenever it ends, as process-compose and Docker do.
type Supervised struct {
	Name string
	env  []string
	out  *Buffer
	done chan struct{} // closed after the last process has ended

	mu      sync.Mutex
	current *exec.Cmd
	killed  bool // the test has killed current
	asked   bool // the test has sent SIGTERM to current
	kills   int
	stopped bool
	deaths  int     // the number of expected exits
	died    int     // the number of those that happened
	faults  []error // unexpected exits
}

// Supervise runs `traceria name` and restarts it whenever it ends, until Stop.
func Supervise(name string, env []string) *Supervised {
	s := &Supervised{Name: name, env: env, out: &Buffer{}, done: make(chan struct{})}
	go s.run()
	return s
}

func (s *Supervised) run() {
	defer close(s.done)
	for {
		cmd := exec.Command(os.Args[0], strings.Fields(s.Name)...)
		cmd.Env, cmd.Stdout, cmd.Stderr = s.env, s.out, s.out
		s.mu.Lock()
		if s.stopped {
			s.mu.Unlock()
			return
		}
		err := cmd.Start()
		s.current, s.killed, s.asked = cmd, false, false
		s.mu.Unlock()
		if err == nil {
			err = cmd.Wait()
		}
		if s.over(err) {
			return
		}
		time.Sleep(restartPause)
	}
}

// over judges the exit of a process. It returns true after Stop.
func (s *Supervised) over(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
	switch {
	case s.killed:
	case s.asked && !s.stopped:
		if err != nil {
			s.faults = append(s.faults, fmt.Errorf("restarted with SIGTERM: %w", err))
		}
	case !s.stopped && err != nil && s.died < s.deaths:
		s.died++
	case s.stopped && err != nil:
		s.faults = append(s.faults, fmt.Errorf("stopped with SIGTERM: %w", err))
	case !s.stopped:
		s.faults = append(s.faults, fmt.Errorf("ended by itself: %v", err)) //nolint:errorlint // err may be nil
	}
	return s.stopped
}

// Kill sends SIGKILL. It returns false when no process runs at the moment.
func (s *Supervised) Kill() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || s.killed || s.stopped || s.current.Process.Signal(syscall.SIGKILL) != nil {
		return false
	}
	s.killed = true
	s.kills++
	return true
}

// Stop ends the service and returns every fault since its start. A second Stop returns nil.
func (s *Supervised) Stop() error {
	s.mu.Lock()
	first := !s.stopped
	s.stopped = true
	if first && s.current != nil {
		_ = s.current.Process.Signal(syscall.SIGTERM)
	}
	s.mu.Unlock()
	select {
	case <-s.done:
	case <-time.After(stopTime):
		s.mu.Lock()
		if s.current != nil {
			_ = s.current.Process.Kill()
		}
		s.faults = append(s.faults, fmt.Errorf("did not stop within %s", stopTime))
		s.mu.Unlock()
		<-s.done
	}
	if !first {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.Output()
	if at := strings.Index(out, "DATA RACE"); at >= 0 {
		s.faults = append(s.faults, fmt.Errorf("a data race: %s", out[at:min(at+4000, len(out))]))
	}
	if len(s.faults) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w\n%s", s.Name, errors.Join(s.faults...), out[max(0, len(out)-3000):])
}

// Output returns the output of all processes of the service.
func (s *Supervised) Output() string { return s.out.String() }

// Restart sends SIGTERM and returns when the process has ended. The supervisor starts the next one.
func (s *Supervised) Restart() error {
	s.mu.Lock()
	before := s.current
	if before == nil || s.stopped {
		s.mu.Unlock()
		return nil // no process runs at the moment
	}
	s.asked = true
	err := before.Process.Signal(syscall.SIGTERM)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(stopTime)
	for s.runs(before) {
		if time.Now().After(deadline) {
			return fmt.Errorf("did not stop within %s", stopTime)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

func (s *Supervised) runs(cmd *exec.Cmd) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current == cmd
}

// RunsAgain reports whether a process runs that was not killed.
func (s *Supervised) RunsAgain() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current != nil && !s.killed
}

// PID returns the process id, or 0 when no process runs at the moment.
func (s *Supervised) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || s.current.Process == nil {
		return 0
	}
	return s.current.Process.Pid
}

// KillCount returns the number of kills.
func (s *Supervised) KillCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kills
}

// ExpectDeath allows one more exit of the service by itself. It returns the number of such exits so far.
func (s *Supervised) ExpectDeath() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaths++
	return s.died
}

// DeathCount returns the number of expected exits so far.
func (s *Supervised) DeathCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.died
}
