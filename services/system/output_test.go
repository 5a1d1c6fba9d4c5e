package system

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// /dev/full refuses every write.
func TestCommandFailsWhenItCannotWrite(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer func() { _ = full.Close() }()
	for _, args := range [][]string{{"events", "list"}, {"events", "list", "--json"}, {"topology", "show"}, {"--help"}} { // only main checks whether help was written
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		var said bytes.Buffer
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), systemtest.AsBinary+"=1"), full, &said
		if err := cmd.Run(); systemtest.ExitCode(err) != 1 || !strings.Contains(said.String(), "no space left") {
			t.Errorf("%v: %v, %q", args, err, said.String())
		}
	}
}

// The broker accepts the connection and never answers the handshake.
func TestInterruptEndsTheWaitForAConnection(t *testing.T) {
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
	cmd.Env = append(os.Environ(), systemtest.AsBinary+"=1", "AMQP_URL=amqp://guest:guest@"+listener.Addr().String()+"/")
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
	checkInterrupted(t, cmd, &said)
}

// checkInterrupted asserts that the command ends soon and reports the interrupt.
func checkInterrupted(t *testing.T, cmd *exec.Cmd, said *bytes.Buffer) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if systemtest.ExitCode(err) != 1 || !strings.Contains(said.String(), "interrupted") {
			t.Errorf("got %v, %q", err, said.String())
		}
	case <-time.After(4 * time.Second): // the handshake has a limit of 5 s
		t.Error("the command does not end")
		_ = cmd.Process.Kill()
		t.Log(<-ended)
	}
}

// The broker opens the connection and does not answer the request for a channel.
func TestInterruptEndsTheWaitForAnAnswer(t *testing.T) {
	s := systemtest.Up(t)
	u, err := url.Parse(s.Broker.URL)
	if err != nil {
		t.Fatal(err)
	}
	address, asked := untilChannels(t, u.Host)
	u.Host = address
	cmd := exec.CommandContext(t.Context(), os.Args[0], "dead", "list")
	var said bytes.Buffer
	cmd.Env, cmd.Stderr = append(s.Env, systemtest.AsBinary+"=1", "AMQP_URL="+u.String()), &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	checkInterrupted(t, cmd, &said)
}

// untilChannels returns the address of a proxy that forwards to the broker until the client opens a channel. It then
// closes asked and forwards nothing more.
func untilChannels(t *testing.T, to string) (address string, asked chan struct{}) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = make(chan struct{})
	server, err := new(net.Dialer).DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = listener.Close(), server.Close() })
	go func() {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(client, server) }()
		if _, err := io.CopyN(server, client, int64(len("AMQP0091"))); err != nil {
			return
		}
		for { // frames (AMQP 0-9-1, 4.2.3)
			start := make([]byte, 7)
			if _, err := io.ReadFull(client, start); err != nil {
				return
			}
			if binary.BigEndian.Uint16(start[1:]) != 0 {
				close(asked)
				return
			}
			if _, err := server.Write(start); err != nil {
				return
			}
			if _, err := io.CopyN(server, client, int64(binary.BigEndian.Uint32(start[3:]))+1); err != nil {
				return
			}
		}
	}()
	return listener.Addr().String(), asked
}
