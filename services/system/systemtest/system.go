package systemtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/cli"
	"traceria/services/pizzeria"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// AsBinary is the environment variable that turns the test binary into traceria, so the tested program has the race
// detector.
const AsBinary = "TRACERIA_TEST_AS_BINARY"

// Main runs the tests of a package and exits. With AsBinary in its environment the test binary runs as traceria
// instead. TestMain of each package that uses a System calls it.
func Main(m *testing.M) {
	if os.Getenv(AsBinary) != "" {
		os.Exit(cli.Main())
	}
	// Tests that need these variables set them.
	for _, name := range []string{
		"EVENT_STYLE", "EVENT_VERSIONS", "EVENT_FORMAT", "LOYALTY_ORDER_CONFIRMED", "KITCHEN_ORDER_CONFIRMED", "DELIVERY_ORDER_CONFIRMED",
	} {
		_ = os.Unsetenv(name)
	}
	code := m.Run()
	if err := theSystem.Stop(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// System is the whole of Traceria on free ports. The tests of a package share one.
type System struct {
	Env         []string
	Credentials string // the folder of the broker users' passwords
	Addresses   map[string]string
	Jaeger      *tracetree.Jaeger
	Broker      *rabbitmqtest.Broker
	Metrics     Metrics

	mu      sync.Mutex
	Running []*Process
	cleanup []func()
	// prometheus is set if the system has a Prometheus.
	prometheus bool
}

var theSystem = &System{Addresses: map[string]string{}}

var startOnce sync.Once

// Up starts the system for the first test that needs it.
func Up(t *testing.T) *System {
	t.Helper()
	skipShort(t)
	startOnce.Do(func() { theSystem.start(t) })
	if t.Failed() || theSystem.Jaeger == nil {
		t.Fatal("the system did not start")
	}
	return theSystem
}

// outlive registers the clean-up of rabbitmqtest with the package instead of the first test.
type outlive struct {
	testing.TB
	system *System
}

func (o outlive) Cleanup(f func()) { o.system.cleanup = append(o.system.cleanup, f) }

func (s *System) start(t *testing.T) {
	t.Helper()
	data, err := os.MkdirTemp("", "traceria-test-") //nolint:usetesting // the folder outlives the test that creates it
	if err != nil {
		t.Fatal(err)
	}
	s.cleanup = append(s.cleanup, func() { _ = os.RemoveAll(data) })
	s.Credentials = filepath.Join(data, "credentials")
	if _, err := s.TraceriaWith([]string{"AMQP_PASSWORD_FILE="}, "topology", "credentials", s.Credentials, "--guest"); err != nil {
		t.Fatal(err)
	}
	s.Broker = rabbitmqtest.Start(outlive{t, s}, s.brokerOptions()...)
	backend := StartTelemetry(t, s)
	if s.prometheus {
		s.startPrometheus(t, AsStored)
	}
	s.Env = append(os.Environ(), backend...)
	s.Env = append(s.Env,
		"AMQP_URL="+s.Broker.URL, "RABBITMQ_MANAGEMENT_URL="+s.Broker.ManagementURL, "TRACERIA_DATA="+data,
		// Cooking takes longer than the concurrent work of other services, so the golden tree has one shape.
		"KITCHEN_COOKING_TIME=250ms", "DELIVERY_DRIVING_TIME=50ms")
	for _, service := range pizzeria.All() {
		if s.Addresses[service.Name] == "" { // the Collector has that of the console
			s.Addresses[service.Name] = FreeAddress(t)
		}
		s.Env = append(s.Env, strings.ToUpper(service.Name)+"_URL=http://"+s.Addresses[service.Name])
	}
	for _, service := range pizzeria.Services() {
		s.Launch(t, service.Name, append(s.As(t, service.Name), "HTTP_ADDR="+s.Addresses[service.Name]), os.Args[0], service.Name)
	}
	s.Launch(t, "console", s.AsConsole(t), os.Args[0], "console")
	out, err := s.Traceria("status", "--wait", "--timeout", "60s")
	if err != nil {
		t.Fatalf("the system is not healthy: %v\n%s", err, out)
	}
}

// brokerOptions are those of a RabbitMQ with the system's users and, if there is a Prometheus, with metrics.
func (s *System) brokerOptions() []rabbitmqtest.Option {
	options := []rabbitmqtest.Option{rabbitmqtest.WithDefinitions(filepath.Join(s.Credentials, "broker", "definitions.json"))}
	if s.prometheus {
		options = append(options, rabbitmqtest.WithMetrics())
	}
	return options
}

// As returns the environment of a process that is this user of the broker. The tests and the tools are guest.
func (s *System) As(t *testing.T, user string) []string {
	t.Helper()
	u, err := url.Parse(s.Broker.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(user)
	return []string{"AMQP_URL=" + u.String(), "AMQP_PASSWORD_FILE=" + filepath.Join(s.Credentials, user, "password")}
}

// AsConsole returns the environment of the console: its user reads the management API, too.
func (s *System) AsConsole(t *testing.T) []string {
	t.Helper()
	management, err := url.Parse(s.Broker.ManagementURL)
	if err != nil {
		t.Fatal(err)
	}
	management.User = nil // the user of AMQP_URL
	return append(s.As(t, "console"), "HTTP_ADDR="+s.Addresses["console"], "RABBITMQ_MANAGEMENT_URL="+management.String())
}

// Stop ends all processes, the services first. It returns an error for a service that did not exit with 0 or had a data
// race.
func (s *System) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range slices.Backward(s.Running) {

		if err := p.End(); err != nil && p.Name != "jaeger" && p.Name != "collector" {
			errs = append(errs, fmt.Errorf("%s: %w\n%s", p.Name, err, p.Out))
		}
		if strings.Contains(p.Out.String(), "DATA RACE") {
			errs = append(errs, fmt.Errorf("%s has a data race:\n%s", p.Name, p.Out))
		}
	}
	for _, v := range slices.Backward(s.cleanup) {
		v()
	}
	return errors.Join(errs...)
}

// Tree returns the trace after no more spans arrive.
func (s *System) Tree(t *testing.T, traceID string) *tracetree.Tree {
	t.Helper()
	spans, err := tracetree.ReadAtRest(t.Context(), func(ctx context.Context) ([]tracetree.Span, error) {
		spans, err := s.Jaeger.Trace(ctx, traceID)
		if err != nil && !errors.Is(err, tracetree.ErrNotFound) {
			t.Logf("Jaeger, under load: %v", err) // a dropped connection is retried until the deadline
			err = fmt.Errorf("%w: %w", tracetree.ErrNotFound, err)
		}
		return spans, err
	}, 30*time.Second)
	if err != nil {
		t.Fatalf("read trace %s: %v", traceID, err)
	}
	return tracetree.Build(spans)
}
