package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// RabbitMQ dies like a machine that loses its power, and is back some seconds later.
func rabbitmqKilled() fault {
	return fault{name: "rabbitmq-killed", begins: 0.4, inject: func(t *testing.T, p *pizzeria) {
		p.endBroker(t, p.broker.Kill)
		p.orders.awaitAccepted(t, chaosOrders(t)/10) // the customers do not notice
		p.startBroker(t)
	}}
}

// endBroker stops or kills RabbitMQ. At the latest when the test ends it is back, for the next.
func (w *world) endBroker(t *testing.T, how func() error) {
	t.Helper()
	w.brokerAway = true
	t.Cleanup(func() {
		if w.brokerAway {
			w.startBroker(t)
		}
	})
	if err := how(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) startBroker(t *testing.T) {
	t.Helper()
	w.brokerAway = false
	if err := w.broker.Start(); err != nil {
		t.Fatal(err)
	}
}

// paused is longer than a heartbeat: to its clients a broker that is stopped so long is neither there nor gone.
const paused = 10 * time.Second

// RabbitMQ is stopped in its tracks, with every connection open, and goes on.
func rabbitmqPaused() fault {
	return fault{name: "rabbitmq-paused", begins: 0.4, inject: func(t *testing.T, p *pizzeria) {
		resume := p.pauseBroker(t)
		time.Sleep(paused)
		resume()
	}}
}

// pauseBroker stops RabbitMQ with SIGSTOP, and lets it go on at the latest when the test ends.
func (w *world) pauseBroker(t *testing.T) (resume func()) {
	t.Helper()
	pid := beam(t, w.broker.URL)
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

// beam is the process in which the RabbitMQ of this address runs: its node is named after the port.
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
		name, _ := os.ReadFile(filepath.Join(process, "comm")) // it may be gone by now
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
	t.Fatalf("no process beam.smp of %s: this test needs /proc, to find the broker that it stops", node)
	return 0
}
