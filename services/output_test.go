package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A result that goes nowhere is no result.
func TestACommandThatCannotWriteItsResultFails(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer func() { _ = full.Close() }()
	for _, args := range [][]string{{"events", "list"}, {"events", "list", "--json"}, {"topology", "show"}, {"--help"}} { // nobody but main looks whether help could be written
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		var said bytes.Buffer
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), asBinary+"=1"), full, &said
		if err := cmd.Run(); exitCode(err) != 1 || !strings.Contains(said.String(), "no space left") {
			t.Errorf("%v: %v, %q", args, err, said.String())
		}
	}
}

// A broker that takes the connection and says nothing does not keep a tool from being interrupted.
func TestAToolIsInterruptedWhileItWaitsForTheBroker(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	taken := make(chan net.Conn, 1)
	go func() {
		if conn, err := listener.Accept(); err == nil {
			taken <- conn
		}
	}()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "dead", "list")
	cmd.Env = append(os.Environ(), asBinary+"=1", "AMQP_URL=amqp://guest:guest@"+listener.Addr().String()+"/")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conn := <-taken
	defer func() { _ = conn.Close() }()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if exitCode(err) != 1 || !strings.Contains(said.String(), "interrupted") {
			t.Errorf("got %v, %q", err, said.String())
		}
	case <-time.After(4 * time.Second): // the handshake alone would have 5
		t.Error("it does not end")
		_ = cmd.Process.Kill()
	}
}
