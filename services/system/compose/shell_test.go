package compose

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// top is the folder of docker-compose.yml, in which a user types commands.
func top(tb testing.TB) string {
	tb.Helper()
	folder, err := filepath.Abs("../../..")
	if err != nil {
		tb.Fatal(err)
	}
	return folder
}

// shell runs command lines as a user types them in the top folder.
type shell struct {
	folder string
	env    []string // in addition to that of this process
	enter  []string // the command that enters another network, if any
	limit  time.Duration
}

// in returns the shell with more environment variables, NAME=VALUE.
func (s shell) in(env ...string) shell {
	s.env = append(slices.Clip(s.env), env...)
	return s
}

// try runs a line of bash and returns its standard output. The error has both outputs.
func (s shell) try(ctx context.Context, line string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("not done within %s", s.limit))
	defer cancel()
	args := append(slices.Clip(s.enter), "bash", "-c", line)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.folder, append(os.Environ(), s.env...), &stdout, &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return stdout.String(), fmt.Errorf("%s: %w\n%s%s", line, err, stdout.String(), stderr.String())
	}
	return stdout.String(), nil
}

// run runs a line of bash, logs it with what it prints, and fails the test when it fails.
func (s shell) run(t *testing.T, line string) string {
	t.Helper()
	began := time.Now()
	out, err := s.try(t.Context(), line)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%5.1f s  $ %s\n%s", time.Since(began).Seconds(), line, excerpt(out, 12))
	return out
}

// refused runs a line of bash that must fail, and logs how it does.
func (s shell) refused(t *testing.T, line string) {
	t.Helper()
	out, err := s.try(t.Context(), line)
	if err == nil {
		t.Fatalf("%s: did not fail:\n%s", line, out)
	}
	t.Logf("$ %v", err)
}

// read runs a line of bash that prints one JSON document.
func read[T any](t *testing.T, s shell, line string) T {
	t.Helper()
	return parse[T](t, s.run(t, line))
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return value
}

// cleaning is a context for what is done when the test has ended.
func cleaning(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// excerpt returns the first and last lines of a text, at most most of them.
func excerpt(text string, most int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) <= most {
		return strings.Join(lines, "\n")
	}
	left := fmt.Sprintf("… (%d lines)", len(lines)-most)
	return strings.Join(slices.Concat(lines[:most/2], []string{left}, lines[len(lines)-most/2:]), "\n")
}
