package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// The tests of this package run the system as its users do: the services are processes of their own, the broker,
// the Collector and Jaeger are the real ones, with the configuration files that make up and Docker use.

// asBinary makes the test binary behave as traceria itself, so that what is tested has the race detector on.
const asBinary = "TRACERIA_TEST_AS_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		os.Exit(run())
	}
	// What the tests' shell says of the events is not what they are about; those that are set these for themselves.
	for _, name := range []string{
		"EVENT_STYLE", "EVENT_VERSIONS", "EVENT_FORMAT", "LOYALTY_ORDER_CONFIRMED", "KITCHEN_ORDER_CONFIRMED", "DELIVERY_ORDER_CONFIRMED",
	} {
		_ = os.Unsetenv(name)
	}
	code := m.Run()
	if err := theSystem.stop(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// system is the whole of Traceria on free ports, shared by the tests of this package.
type system struct {
	env         []string
	credentials string // the folder of the broker's users
	addresses   map[string]string
	jaeger      *tracetree.Jaeger
	broker      *rabbitmqtest.Broker

	mu      sync.Mutex
	running []*process
	cleanup []func()
}

var theSystem = &system{addresses: map[string]string{}}

var startOnce sync.Once

// up starts the system for the first test that needs it.
func up(t *testing.T) *system {
	t.Helper()
	startOnce.Do(func() { theSystem.start(t) })
	if t.Failed() || theSystem.jaeger == nil {
		t.Fatal("the system did not start")
	}
	return theSystem
}

// outlive lets rabbitmqtest register its clean-up with the package instead of with the first test.
type outlive struct {
	testing.TB
	system *system
}

func (o outlive) Cleanup(f func()) { o.system.cleanup = append(o.system.cleanup, f) }

func (s *system) start(t *testing.T) {
	t.Helper()
	data, err := os.MkdirTemp("", "traceria-test-") //nolint:usetesting // it outlives the test that starts it
	if err != nil {
		t.Fatal(err)
	}
	s.cleanup = append(s.cleanup, func() { _ = os.RemoveAll(data) })
	s.credentials = filepath.Join(data, "credentials")
	if _, err := s.traceriaWith([]string{"AMQP_PASSWORD_FILE="}, "topology", "credentials", s.credentials, "--guest"); err != nil {
		t.Fatal(err)
	}
	s.broker = rabbitmqtest.Start(outlive{t, s}, rabbitmqtest.WithDefinitions(filepath.Join(s.credentials, "broker", "definitions.json")))
	backend := startTelemetry(t, s)
	s.env = append(os.Environ(), backend...)
	s.env = append(s.env,
		"AMQP_URL="+s.broker.URL, "RABBITMQ_MANAGEMENT_URL="+s.broker.ManagementURL, "TRACERIA_DATA="+data,
		// Long enough that what another service does meanwhile is over: the golden tree depends on nobody's luck.
		"KITCHEN_COOKING_TIME=250ms", "DELIVERY_DRIVING_TIME=50ms")
	for _, service := range everything() {
		s.addresses[service.Name] = freeAddress(t)
		s.env = append(s.env, strings.ToUpper(service.Name)+"_URL=http://"+s.addresses[service.Name])
	}
	for _, service := range services() {
		s.launch(t, service.Name, append(s.as(t, service.Name), "HTTP_ADDR="+s.addresses[service.Name]), os.Args[0], service.Name)
	}
	s.launch(t, "console", []string{"HTTP_ADDR=" + s.addresses["console"], "AMQP_URL="}, os.Args[0], "console")
	out, err := s.traceria("status", "--wait", "--timeout", "60s")
	if err != nil {
		t.Fatalf("the system is not healthy: %v\n%s", err, out)
	}
}

// as is the environment of somebody who is this user of the broker. The tests themselves, and the tools, are guest.
func (s *system) as(t *testing.T, user string) []string {
	t.Helper()
	u, err := url.Parse(s.broker.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(user)
	return []string{"AMQP_URL=" + u.String(), "AMQP_PASSWORD_FILE=" + filepath.Join(s.credentials, user, "password")}
}

// startTelemetry starts the real Jaeger and the real Collector and returns what the services must know of them.
func startTelemetry(t *testing.T, s *system) []string {
	t.Helper()
	binary := jaegerBinary(t)
	query, otlpHTTP := freeAddress(t), freeAddress(t)
	s.launch(t, "jaeger", []string{
		"JAEGER_OTLP_GRPC=" + freeAddress(t), "JAEGER_OTLP_HTTP=" + otlpHTTP,
		"JAEGER_QUERY_HTTP=" + query, "JAEGER_QUERY_GRPC=" + freeAddress(t),
	}, binary, "--config", "../collector/jaeger.yaml")
	collector := freeAddress(t)
	s.launch(t, "collector", []string{
		"COLLECTOR_OTLP_GRPC=" + freeAddress(t), "COLLECTOR_OTLP_HTTP=" + collector,
		"COLLECTOR_PROMETHEUS=" + freeAddress(t), "JAEGER_OTLP_ENDPOINT=http://" + otlpHTTP,
	}, binary, "--config", "../collector/collector.yaml")
	s.jaeger = tracetree.NewJaeger("http://"+query, nil)
	return []string{"JAEGER_URL=http://" + query, "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + collector}
}

func jaegerBinary(t *testing.T) string {
	t.Helper()
	candidates := []string{os.Getenv("JAEGER_BIN")}
	if path, err := exec.LookPath("jaeger"); err == nil {
		candidates = append(candidates, path)
	}
	for _, path := range append(candidates, "../bin/jaeger") {
		if info, err := os.Stat(path); path != "" && err == nil && !info.IsDir() {
			absolute, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return absolute
		}
	}
	t.Fatal("there is no Jaeger: run `make build-jaeger`, or set JAEGER_BIN")
	return ""
}

// process is one of the system's programs.
type process struct {
	name string
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan error
}

// launch starts a program with the system's environment and more.
func (s *system) launch(t *testing.T, name string, more []string, binary string, args ...string) *process {
	t.Helper()
	p := &process{name: name, out: &lockedBuffer{}, done: make(chan error, 1)}
	p.cmd = exec.CommandContext(context.Background(), binary, args...) // it outlives the test that starts it
	env := s.env
	if env == nil {
		env = os.Environ()
	}
	p.cmd.Env = append(append([]string{}, env...), append(more, asBinary+"=1")...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, p)
	return p
}

// stopTime is the promise: a service that is told to stop has stopped within it.
const stopTime = 10 * time.Second

// end asks the program to stop and returns how it ended.
func (p *process) end() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill()
		return fmt.Errorf("%s did not stop within %s:\n%s", p.name, stopTime, p.out)
	}
}

// stop ends everything, the services first, and reports services that did not end well.
func (s *system) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range slices.Backward(s.running) {

		if err := p.end(); err != nil && p.name != "jaeger" && p.name != "collector" {
			errs = append(errs, fmt.Errorf("%s: %w\n%s", p.name, err, p.out))
		}
		if strings.Contains(p.out.String(), "DATA RACE") {
			errs = append(errs, fmt.Errorf("%s has a data race:\n%s", p.name, p.out))
		}
	}
	for _, v := range slices.Backward(s.cleanup) {
		v()
	}
	return errors.Join(errs...)
}

// traceria runs a command of the binary to its end and returns what it printed on standard output.
func (s *system) traceria(args ...string) (string, error) { return s.traceriaWith(nil, args...) }

func (s *system) traceriaWith(more []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	env := s.env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(append([]string{}, env...), append(more, asBinary+"=1")...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("traceria %s: %w: %s", strings.Join(args, " "), err, errOut.String())
	}
	return out.String(), nil
}

// exitCode is the exit code in an error of traceria, or 0.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return 0
}

// client places orders and waits for them.
func (s *system) client() *orderClient { return newOrderClient("http://" + s.addresses["order"]) }

// tree is the order's trace, at rest.
func (s *system) tree(t *testing.T, traceID string) *tracetree.Tree {
	t.Helper()
	read := reader(s.jaeger, traceID)
	spans, err := readAtRest(t.Context(), func(ctx context.Context) ([]tracetree.Span, error) {
		spans, err := read(ctx)
		if err != nil && !errors.Is(err, tracetree.ErrNotFound) {
			t.Logf("Jaeger, under load: %v", err) // it may drop a connection, and is asked again until the time is over
			err = fmt.Errorf("%w: %w", tracetree.ErrNotFound, err)
		}
		return spans, err
	}, 30*time.Second)
	if err != nil {
		t.Fatalf("read trace %s: %v", traceID, err)
	}
	return tracetree.Build(spans)
}

// post sends a command without a body; get reads a query's answer. Both may be used in a clean-up.
func (s *system) post(t *testing.T, service, path string) {
	t.Helper()
	s.call(t, http.MethodPost, service, path, nil)
}

func (s *system) get(t *testing.T, service, path string, answer any) {
	t.Helper()
	s.call(t, http.MethodGet, service, path, answer)
}

func (s *system) call(t *testing.T, method, service, path string, answer any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.addresses[service]+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: %s", method, path, response.Status)
	}
	if answer != nil {
		if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// awaitReady waits until the service at the address can work.
func awaitReady(t *testing.T, name, address string) {
	t.Helper()
	eventually(t, time.Minute, name+" is ready", func() bool {
		code, _, err := get(t.Context(), "http://"+address+"/readyz")
		return err == nil && code == http.StatusOK
	})
}

// eventually waits for a condition, with a deadline.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, within)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// handedOut keeps the tests from being given the same port twice before anybody listens on it.
var handedOut sync.Map

func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		_ = listener.Close()
		if _, taken := handedOut.LoadOrStore(address, true); !taken {
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// lockedBuffer is written by a process and read by a test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
