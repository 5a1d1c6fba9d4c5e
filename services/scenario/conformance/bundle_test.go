package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"traceria/services/scenario/conformance"
	"traceria/services/system/systemtest"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// bench is a broker, a Collector and a Jaeger, which the tests of the package share.
type bench struct{ amqp, jaeger, otlp string }

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{amqp: rabbitmqtest.Shared(t).VHost(t)}
	system := &systemtest.System{}
	t.Cleanup(func() {
		if err := system.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, variable := range systemtest.StartTelemetry(t, system) {
		name, value, _ := bytes.Cut([]byte(variable), []byte("="))
		switch string(name) {
		case "JAEGER_URL":
			b.jaeger = string(value)
		case "OTEL_EXPORTER_OTLP_ENDPOINT":
			b.otlp = string(value)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", b.otlp)
	b.awaitReady(t)
	return b
}

// awaitReady waits until Jaeger and the Collector answer.
func (b *bench) awaitReady(t *testing.T) {
	t.Helper()
	jaeger := tracetree.NewJaeger(b.jaeger, nil)
	systemtest.Eventually(t, 30*time.Second, "Jaeger answers", func() bool {
		_, err := jaeger.Services(t.Context())
		return err == nil
	})
	systemtest.Eventually(t, 30*time.Second, "the Collector answers", func() bool {
		collector, err := net.Dial("tcp", strings.TrimPrefix(b.otlp, "http://"))
		if err == nil {
			_ = collector.Close()
		}
		return err == nil
	})
}

func (b *bench) options(service string) conformance.Options {
	return conformance.Options{
		AMQPURL: b.amqp, JaegerURL: b.jaeger, Exchange: service, Queue: service + ".order-boxed", Service: service,
	}
}

var unreachable = regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT`)

// nodeFolder installs the packages of testdata/node as its lock file says. The test is skipped where they cannot be had.
func nodeFolder(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s on PATH: the consumer in Node is not tested here", program)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "node"))); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")
	install.Dir = dir
	out, err := install.CombinedOutput()
	if err != nil && unreachable.Match(out) {
		t.Skipf("npm cannot be reached: the consumer in Node is not tested here\n%s", out)
	}
	if err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}

// node starts the consumer in Node that o describes.
func (b *bench) node(t *testing.T, dir string, o conformance.Options, mode string) {
	t.Helper()
	var out output
	process := exec.CommandContext(t.Context(), "node", "delivery.js")
	process.Dir = dir
	process.Env = append(os.Environ(), "AMQP_URL="+b.amqp, "EXCHANGE="+o.Exchange, "QUEUE="+o.Queue, "MODE="+mode,
		"OTEL_SERVICE_NAME="+o.Service, "OTEL_EXPORTER_OTLP_ENDPOINT="+b.otlp)
	process.Stdout, process.Stderr = &out, &out
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
	process.WaitDelay = 5 * time.Second
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		var exit *exec.ExitError
		if err := process.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
			t.Logf("node: %v", err)
		}
		if t.Failed() {
			t.Logf("%s says:\n%s", o.Service, &out)
		}
	})
}

// output may be read while a program writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
