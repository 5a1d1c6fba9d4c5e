package systemtest

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// EndBroker ends RabbitMQ with how. RabbitMQ runs again at the latest when the test ends.
func (w *World) EndBroker(t *testing.T, how func() error) {
	t.Helper()
	w.brokerAway = true
	t.Cleanup(func() {
		if w.brokerAway {
			w.StartBroker(t)
		}
	})
	if err := how(); err != nil {
		t.Fatal(err)
	}
}

// StartBroker starts RabbitMQ again after EndBroker.
func (w *World) StartBroker(t *testing.T) {
	t.Helper()
	w.brokerAway = false
	if err := w.Broker.Start(); err != nil {
		t.Fatal(err)
	}
}

// PauseBroker stops RabbitMQ with SIGSTOP until resume is called or the test ends.
func (w *World) PauseBroker(t *testing.T) (resume func()) {
	t.Helper()
	pid := beam(t, w.Broker.URL)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatalf("SIGSTOP to RabbitMQ: %v", err)
	}
	resumed := false
	resume = func() {
		if !resumed {
			resumed = true
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
				t.Errorf("SIGCONT to RabbitMQ: %v", err)
			}
		}
	}
	t.Cleanup(resume)
	return resume
}

// BrokerPID returns the process id of RabbitMQ.
func (w *World) BrokerPID(t *testing.T) int {
	t.Helper()
	return beam(t, w.Broker.URL)
}

// beam returns the process id of the RabbitMQ at the address. The node's name contains the port.
func beam(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	node := "traceria-" + u.Port() + "@localhost"
	found, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range found {
		name, _ := os.ReadFile(filepath.Join(process, "comm")) // the process may have ended
		env, _ := os.ReadFile(filepath.Join(process, "environ"))
		if string(name) != "beam.smp\n" || !strings.Contains(string(env), "RABBITMQ_NODENAME="+node+"\x00") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	t.Fatalf("no process beam.smp of %s: this test needs /proc to find the broker", node)
	return 0
}
