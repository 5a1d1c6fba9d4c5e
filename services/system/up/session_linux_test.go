package up

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// session is a command that runs in a process group of its own, as one that is typed does.
type session struct {
	cmd    *exec.Cmd
	lines  chan string
	output strings.Builder
	gap    time.Duration // the longest silence
	since  time.Time
}

func (h house) make(t *testing.T, target string) *session {
	t.Helper()
	return h.start(t, "make", target)
}

func (h house) start(t *testing.T, name string, args ...string) *session {
	t.Helper()
	s := &session{cmd: exec.CommandContext(t.Context(), name, args...), lines: make(chan string, 1000), since: time.Now()}
	s.cmd.Dir, s.cmd.Env = h.dir, h.env
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, in := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = in, in
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = in.CloseWithError(s.cmd.Wait()) }()
	go func() {
		defer close(s.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			s.lines <- scanner.Text()
		}
	}()
	return s
}

// until reads the output up to the first line that matches, or to its end when the pattern is empty.
func (s *session) until(t *testing.T, pattern string) {
	t.Helper()
	deadline := time.After(5 * time.Minute)
	for {
		select {
		case line, ok := <-s.lines:
			s.gap, s.since = max(s.gap, time.Since(s.since)), time.Now()
			s.output.WriteString(line + "\n")
			if !ok && pattern == "" || pattern != "" && regexp.MustCompile(pattern).MatchString(line) {
				return
			}
			if !ok {
				t.Fatalf("the output has no %q:\n%s", pattern, &s.output)
			}
		case <-deadline:
			t.Fatalf("no %q within 5 min:\n%s", pattern, &s.output)
		}
	}
}

// end reads the rest of the output and returns all of it and the exit code.
func (s *session) end(t *testing.T) (string, int) {
	t.Helper()
	s.until(t, "")
	return s.output.String(), s.cmd.ProcessState.ExitCode()
}

// ctrlC interrupts the whole process group, as a terminal does.
func (s *session) ctrlC(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// processes returns the command lines of the processes that work in the house.
func (h house) processes(t *testing.T) (found []string) {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		target, _ := os.Readlink(folder) // a process may have ended meanwhile
		if target != h.dir && !strings.HasPrefix(target, h.dir+"/") {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(folder), "cmdline"))
		found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}
