package bench

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tick is the unit of the times in /proc/PID/stat on all architectures of Linux that Go supports (USER_HZ).
const tick = 10 * time.Millisecond

// usage is CPU time by process: in all, or for an order.
type usage map[string]time.Duration

// times returns the CPU time of each process of the system since its start, and that of this test, which places the orders.
func (h *house) times(t *testing.T) usage {
	t.Helper()
	u := usage{
		"rabbitmq": cpuOf(t, h.BrokerPID(t)), "collector": cpuOf(t, h.Collector.PID()), "jaeger": cpuOf(t, h.Backend.PID()),
		harness: cpuOf(t, os.Getpid()),
	}
	for name, service := range h.Services {
		u[name] = cpuOf(t, service.PID())
	}
	return u
}

// harness is the process of the test. It is no part of the system.
const harness = "(test)"

// cpuOf reads the time in user and system mode (proc_pid_stat(5), fields 14 and 15). The second field is a name that may have
// spaces.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatalf("read the CPU time of a process: %v", err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// since returns the time since before for each of n orders.
func (u usage) since(before usage, n int) usage {
	each := usage{}
	for name, spent := range u {
		each[name] = (spent - before[name]) / time.Duration(n)
	}
	return each
}

// String names the largest process first. The sum is without the test.
func (u usage) String() string {
	var names []string
	var sum time.Duration
	for name, spent := range u {
		names = append(names, name)
		if name != harness {
			sum += spent
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(u[b], u[a]), cmp.Compare(a, b)) })
	parts := []string{inMilliseconds(sum) + " ms"}
	for _, name := range names {
		parts = append(parts, name+" "+inMilliseconds(u[name]))
	}
	return strings.Join(parts, ", ")
}

func inMilliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
