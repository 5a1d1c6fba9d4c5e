package up

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newSystem is a copy of the whole repository. The tools are built already, because there is no network.
func newSystem(t *testing.T) house {
	t.Helper()
	const root = "../../.."
	if out, err := exec.CommandContext(t.Context(), "make", "-C", root, "bin/process-compose").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h := house{dir: t.TempDir(), env: append(os.Environ(), "PATH="+pathWithout(t, "jaeger"), "AMQP_URL=", "PROMETHEUS_URL=", "MAKEFLAGS=")}
	for _, folder := range []string{"services", "telemetry", "collector", "dashboards"} {
		if err := os.CopyFS(filepath.Join(h.dir, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"*.sh", "*.mod", "*.sum", "Makefile", "process-compose.yml", "bin/process-compose"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(root, file)
			h.write(t, name, string(content), 0o755)
		}
	}
	return h
}

// One copy goes through what a user may do, from the first make up to the last make down.
func TestMakeUp(t *testing.T) {
	if testing.Short() {
		t.Skip("needs the whole system, which -short leaves out")
	}
	h := newSystem(t)
	program, otelcol := jaegerProgram(t), otelcolProgram(t)
	isolate(t)
	r := newRelease(t)
	r.publish(bytes.ReplaceAll(program, noPages, []byte("Here are the pages"))) // as a release has them
	h = h.with("TRACERIA_JAEGER_RELEASE_URL=" + r.URL)

	aTakenPortStopsItAtOnce(t, h)
	for _, moment := range []string{"traceria: .* packages", "^console +healthy", "^order +healthy"} {
		ctrlCEndsEverything(t, h, moment)
	}
	upDeliversAnOrder(t, h)
	upAgainSaysThatItRuns(t, h)
	scenariosPutBackWhatTheyChange(t, h)
	downEndsEverything(t, h)
	samplingIsAChoice(t, h, otelcol)
	aJaegerWithoutPagesIsNamed(t, h, program)
}

// noPages is in the only page of a Jaeger that was built from source.
var noPages = []byte("not the Jaeger UI ")

// jaegerProgram returns the Jaeger that the tests use.
func jaegerProgram(t *testing.T) []byte {
	t.Helper()
	path := os.Getenv("JAEGER_BIN")
	if path == "" {
		path = "../../../bin/jaeger"
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("there is no Jaeger: run make build-jaeger, or set JAEGER_BIN: %v", err)
	}
	return program
}

func aTakenPortStopsItAtOnce(t *testing.T, h house) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:8083")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	start := time.Now()
	out, code := h.make(t, "up").end(t)
	contains(t, out, "Port 8083 is in use by ", "Nothing was started.")
	if took := time.Since(start); code == 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %s", code, took)
	}
	if exists(filepath.Join(h.dir, "bin/traceria")) {
		t.Error("it was built in vain")
	}
}

// ctrlCEndsEverything interrupts make up when a line of its output matches.
func ctrlCEndsEverything(t *testing.T, h house, moment string) {
	t.Helper()
	s := h.make(t, "up")
	s.until(t, moment)
	s.ctrlC(t)
	out, code := s.end(t)
	if code == 0 {
		t.Errorf("make up succeeds after Ctrl-C at %q", moment)
	}
	contains(t, out, "interrupted; ending what was started")
	nothingRuns(t, h)
}

func upDeliversAnOrder(t *testing.T, h house) {
	t.Helper()
	s := h.make(t, "up")
	out, code := s.end(t)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	contains(t, out, "jaeger     healthy", "prometheus healthy", "Prometheus         http://127.0.0.1:9090 ", "the console        http://127.0.0.1:8080 ", "Jaeger's pages     http://127.0.0.1:16686\n", "Try next:")
	said := map[string]bool{}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "jaeger: ") && said[line] || strings.Contains(line, "0 of 0 ") {
			t.Errorf("it says twice, or says nothing with, %q:\n%s", line, out)
		}
		said[line] = true
	}
	// 5 s is what is promised; the rest is for a machine with other work.
	if s.gap > 8*time.Second {
		t.Errorf("it was silent for %s:\n%s", s.gap, out)
	}
	contains(t, h.run(t, 0, "bin/traceria", "buy", "--wait"), "delivered")
}

func upAgainSaysThatItRuns(t *testing.T, h house) {
	t.Helper()
	out, code := h.make(t, "up").end(t)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	contains(t, out, "traceria is already running\n")
	out, code = h.with("TRACERIA_COLLECTOR=sampling").make(t, "up").end(t)
	contains(t, out, "traceria is already running with the Collector that keeps every order. You asked for TRACERIA_COLLECTOR=sampling: make down, then make up")
	if code == 0 {
		t.Error("make up succeeds although another Collector runs")
	}
}

func downEndsEverything(t *testing.T, h house) {
	t.Helper()
	out, code := h.make(t, "down").end(t)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	contains(t, out, "traceria is stopped")
	nothingRuns(t, h)
}

// aJaegerWithoutPagesIsNamed starts the system with a Jaeger that was built.
func aJaegerWithoutPagesIsNamed(t *testing.T, h house, program []byte) {
	t.Helper()
	if !bytes.Contains(program, noPages) {
		return // the Jaeger of the tests is a release
	}
	if err := os.Remove(filepath.Join(h.dir, "bin/jaeger")); err != nil {
		t.Fatal(err)
	}
	h.write(t, "bin/jaeger", string(program), 0o700)
	out, _ := h.make(t, "up").end(t)
	contains(t, out, "remove it to try the download again", "no pages, only the API")
	downEndsEverything(t, h)
}

// nothingRuns waits a few seconds for the last process that works in the house.
func nothingRuns(t *testing.T, h house) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		left := h.processes(t)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("these still run:\n%s", strings.Join(left, "\n"))
		}
		time.Sleep(100 * time.Millisecond)
	}
}
