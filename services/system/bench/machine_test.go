package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// snapshot is what the processes and the machine have used since they started.
type snapshot struct {
	at      time.Time
	cpu     usage
	machine machine
	queues  map[string]int
}

// machine is the time of all cores, from /proc/stat (proc_stat(5)).
type machine struct{ busy, idle, disk time.Duration }

func (s *site) snapshot(t *testing.T) *snapshot {
	t.Helper()
	u := usage{}
	for name, pid := range s.pids(t) {
		u[name] = cpuOf(t, pid)
	}
	if s.port != 0 {
		u["postgresql"] = postgresql(t, s.port)
	}
	return &snapshot{at: time.Now(), cpu: u, machine: readMachine(t)}
}

// pids returns the process ids by name. A process that is being started is left out.
func (s *site) pids(t *testing.T) map[string]int {
	t.Helper()
	pids := map[string]int{"rabbitmq": s.BrokerPID(t), "collector": s.Collector.PID(), "jaeger": s.Backend.PID(), harness: os.Getpid()}
	for name, service := range s.Services {
		pids[name] = service.PID()
	}
	for name, service := range s.more {
		pids[name] = service.PID()
	}
	for name, pid := range pids {
		if pid == 0 {
			delete(pids, name)
		}
	}
	return pids
}

// perOrder returns milliseconds an order by process, and their sum without the test.
func (s *snapshot) perOrder(before *snapshot, orders int) (each map[string]float64, sum float64) {
	each = map[string]float64{}
	for name, spent := range s.cpu {
		each[name] = (spent - before.cpu[name]).Seconds() * 1000 / float64(orders)
		if name != harness {
			sum += each[name]
		}
	}
	return each, sum
}

func (s *snapshot) use(before *snapshot) Use {
	took := max(s.at.Sub(before.at).Seconds(), 0.01)
	busy, idle, disk := s.machine.busy-before.machine.busy, s.machine.idle-before.machine.idle, s.machine.disk-before.machine.disk
	all := max((busy + idle + disk).Seconds(), 0.01)
	use := Use{Seconds: took, Busy: busy.Seconds() / all, Disk: disk.Seconds() / all, Cores: map[string]float64{}, Queues: s.queues}
	use.Others = busy.Seconds() / took
	for name, spent := range s.cpu {
		use.Cores[name] = (spent - before.cpu[name]).Seconds() / took
		use.Others -= use.Cores[name]
	}
	return use
}

func readMachine(t *testing.T) machine {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var m machine
	for i, field := range strings.Fields(line)[1:] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		switch spent := time.Duration(n) * tick; i {
		case 3:
			m.idle += spent
		case 4:
			m.disk += spent
		case 8, 9: // guests are in the first two
		default:
			m.busy += spent
		}
	}
	return m
}

// postgresql returns the CPU time of the server at the port with its backends, those that have ended included.
func postgresql(t *testing.T, port int) (sum time.Duration) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	server := 0
	for _, path := range found {
		text, _ := os.ReadFile(path) // the process may have ended
		if name, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "comm")); string(name) == "postgres\n" && strings.Contains(string(text), strconv.Itoa(port)) && !strings.HasPrefix(string(text), "postgres:") {
			server, err = strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if server == 0 {
		t.Fatalf("there is no process postgres of port %d", port)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", server, server))
	if err != nil {
		t.Fatal(err)
	}
	sum = endedOf(t, server)
	for child := range strings.FieldsSeq(string(children)) {
		if fields, ok := stat(child); ok {
			sum += ticks(t, fields[11:13])
		}
	}
	return sum
}

// endedOf is the CPU time of a process and of its children that have ended.
func endedOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	fields, ok := stat(strconv.Itoa(pid))
	if !ok {
		t.Fatalf("process %d has ended", pid)
	}
	return ticks(t, fields[11:15])
}

// stat returns the fields of /proc/PID/stat after the name.
func stat(pid string) (fields []string, ok bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil, false
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])), true
}

func ticks(t *testing.T, fields []string) (sum time.Duration) {
	t.Helper()
	for _, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(n) * tick
	}
	return sum
}

// memoryOf returns the resident memory of a process in MB.
func memoryOf(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / 1e6
}

// limit says what kept a trial from a higher rate. If most of the time was that after sending, as in a burst, that part counts.
func (r Trial) limit() string {
	if r.Rest.Seconds > r.Sending.Seconds {
		return r.Rest.limit()
	}
	return r.Sending.limit()
}

func (u Use) limit() string {
	deep, most := "", ""
	for name, n := range u.Queues {
		if n > u.Queues[deep] {
			deep = name
		}
	}
	for name, cores := range u.Cores {
		if name != harness && (most == "" || cores > u.Cores[most]) {
			most = name
		}
	}
	queue := "no queue has messages"
	if deep != "" {
		queue = fmt.Sprintf("%d messages wait in %s", u.Queues[deep], deep)
	}
	use := fmt.Sprintf("%.0f%% of %d cores are busy, %s takes most (%.2f cores), the test %.2f, other programs %.2f, %.0f%% wait for the disk; %s",
		100*u.Busy, runtime.NumCPU(), most, u.Cores[most], u.Cores[harness], max(u.Others, 0), 100*u.Disk, queue)
	switch {
	case u.Busy > 0.9:
		return "the CPU of the machine: " + use
	case u.Cores[most] > 0.95 && most != "rabbitmq":
		return "one core of " + most + ": " + use
	case u.Disk > 0.2:
		return "the disk: " + use
	case deep != "":
		return "the consumer of " + deep + ": " + use
	default:
		return "the answers of the order service: " + use
	}
}
