package rabbitmqtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"syscall"
	"testing"
)

// Broker is a running RabbitMQ. Its methods can be called from several goroutines.
type Broker struct {
	// URL is the AMQP URL of the default virtual host.
	URL string
	// ManagementURL is the base of the management API, with credentials and without a path.
	ManagementURL string
	// MetricsURL is the address of the metrics for Prometheus, without a path. It is empty without WithMetrics.
	MetricsURL string

	cfg settings
	mu  sync.Mutex
	run *process // nil when it is stopped, or not ours
	own bool
}

// Option changes how a broker starts.
type Option func(*settings)

type settings struct {
	release        release
	definitions    string
	user, password string
	private        bool
	dir            string
	port, mgmt     int
	metrics        bool
}

// WithDefinitions makes the broker load a definitions file at its start. Users then come from that file: see
// WithCredentials. It implies WithPrivate.
func WithDefinitions(path string) Option {
	return func(s *settings) { s.definitions, s.private = path, true }
}

// WithCredentials sets the user of URL and ManagementURL, guest with password guest by default.
func WithCredentials(user, password string) Option {
	return func(s *settings) { s.user, s.password = user, password }
}

// WithMetrics makes the broker serve its metrics for Prometheus. It implies WithPrivate.
func WithMetrics() Option { return func(s *settings) { s.metrics, s.private = true, true } }

// WithPrivate starts a broker even when AMQP_URL is set, for tests that stop it, kill it or change it for others.
func WithPrivate() Option { return func(s *settings) { s.private = true } }

// Start starts a broker and ends it when the test ends. It fails the test when it cannot.
func Start(tb testing.TB, opts ...Option) *Broker {
	tb.Helper()
	skipShort(tb)
	b, err := start(opts...)
	if err != nil {
		tb.Fatalf("rabbitmqtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := b.close(); err != nil {
			tb.Errorf("rabbitmqtest: %v", err)
		}
	})
	return b
}

func start(opts ...Option) (*Broker, error) {
	s := settings{user: "guest", password: "guest"}
	for _, o := range opts {
		o(&s)
	}
	if address := os.Getenv("AMQP_URL"); address != "" && !s.private {
		return external(address)
	}
	var err error
	if s.release, err = chosen(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rabbitmqtest-")
	if err != nil {
		return nil, fmt.Errorf("make the broker's folder: %w", err)
	}
	s.dir = dir
	// Another process can take a port between looking and listening: the broker then fails, and other ports may do.
	var failures error
	for range 3 {
		if s.port, s.mgmt, err = freePorts(); err != nil {
			return nil, err
		}
		b := newBroker(s)
		if err = b.Start(); err == nil {
			return b, nil
		}
		failures = errors.Join(failures, err)
	}
	return nil, errors.Join(failures, os.RemoveAll(dir))
}

func newBroker(s settings) *Broker {
	user := url.UserPassword(s.user, s.password)
	b := &Broker{
		URL:           (&url.URL{Scheme: "amqp", User: user, Host: fmt.Sprintf("127.0.0.1:%d", s.port), Path: "/"}).String(),
		ManagementURL: (&url.URL{Scheme: "http", User: user, Host: fmt.Sprintf("127.0.0.1:%d", s.mgmt)}).String(),
		cfg:           s,
		own:           true,
	}
	if s.metrics {
		b.MetricsURL = fmt.Sprintf("http://127.0.0.1:%d", s.port+metricsAbove)
	}
	return b
}

// external describes the broker that the environment names.
func external(address string) (*Broker, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read AMQP_URL: %w", err)
	}
	management := os.Getenv("RABBITMQ_MANAGEMENT_URL")
	if management == "" {
		management = (&url.URL{Scheme: "http", User: u.User, Host: u.Hostname() + ":15672"}).String()
	}
	return &Broker{URL: address, ManagementURL: management}, nil
}

var errNotOurs = errors.New("the broker of AMQP_URL is not ours to start or stop: use WithPrivate")

// Start starts the broker again after Stop or Kill, with the same ports and data. It returns when the broker accepts
// connections.
func (b *Broker) Start() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.own:
		return errNotOurs
	case b.run != nil:
		return errors.New("the broker runs already")
	}
	run, err := launch(b.cfg)
	if err != nil {
		return err
	}
	if err := b.ready(run); err != nil {
		return errors.Join(err, run.stop())
	}
	b.run = run
	return nil
}

// Stop ends the broker in order (SIGTERM) and returns when it has ended. Its data stay.
func (b *Broker) Stop() error { return b.end((*process).stop) }

// Kill ends the broker at once (SIGKILL), as a crash of the machine would.
func (b *Broker) Kill() error { return b.end((*process).kill) }

// Pause stops the broker's processes (SIGSTOP): its connections stay open and nothing answers, as in a machine that
// hangs. It returns when all of them stand still. Resume lets them go on.
func (b *Broker) Pause() error {
	if err := b.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return awaitStopped(b.run.cmd.Process.Pid)
}

// Resume ends Pause (SIGCONT).
func (b *Broker) Resume() error { return b.signal(syscall.SIGCONT) }

func (b *Broker) signal(s syscall.Signal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.own:
		return errNotOurs
	case b.run == nil:
		return errors.New("the broker does not run")
	}
	return b.run.signal(s)
}

func (b *Broker) end(how func(*process) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.own:
		return errNotOurs
	case b.run == nil:
		return nil
	}
	run := b.run
	b.run = nil
	return how(run)
}

// close ends the broker and removes its data.
func (b *Broker) close() error {
	if !b.own {
		return nil
	}
	err := b.Stop()
	stopEpmd(b.cfg)
	return errors.Join(err, os.RemoveAll(b.cfg.dir))
}
