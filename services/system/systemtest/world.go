package systemtest

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/pizzeria"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// World is RabbitMQ, the Collector and Jaeger, which start slowly. Tests share it and open services and databases of
// their own.
type World struct {
	*System
	Collector, Backend *Program
	brokerAway         bool
	// MoreQueues are additional queues of the tests. Sweep empties them, too.
	MoreQueues []string
}

// Program is the Collector or Jaeger. It can be killed and restarted at the same addresses.
type Program struct {
	env    []string
	config string
	name   string
	now    *Process // nil after a kill
}

// StartWorld starts RabbitMQ, the Collector and Jaeger, and reserves addresses for the services.
func StartWorld(t *testing.T) *World {
	t.Helper()
	return startWorld(t, false)
}

// StartWorldWithPrometheus is StartWorld with a Prometheus, and with a RabbitMQ that has metrics. edit returns the text of
// the files of dashboards/ that Prometheus reads.
func StartWorldWithPrometheus(t *testing.T, edit func(name, text string) string) *World {
	t.Helper()
	w := startWorld(t, true)
	w.startPrometheus(t, edit)
	return w
}

func startWorld(t *testing.T, metrics bool) *World {
	t.Helper()
	skipShort(t)
	w := &World{System: &System{Addresses: map[string]string{}, prometheus: metrics}}
	t.Cleanup(func() {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.startTelemetry(t)
	// Each service is a broker user of its own with limited rights, so that recovery is tested with those rights.
	w.Credentials = t.TempDir()
	if _, err := w.TraceriaWith([]string{"AMQP_PASSWORD_FILE="}, "topology", "credentials", w.Credentials, "--guest"); err != nil {
		t.Fatal(err)
	}
	w.Broker = rabbitmqtest.Start(t, w.brokerOptions()...)
	for _, service := range pizzeria.Services() {
		w.Addresses[service.Name] = FreeAddress(t)
	}
	return w
}

// startTelemetry starts both with the files of make up. Jaeger has room for every order and for a flood of 10,000
// messages with a trace each, and memory for them.
func (w *World) startTelemetry(t *testing.T) {
	t.Helper()
	query, otlp := FreeAddress(t), FreeAddress(t)
	w.Metrics = FreeMetrics(t)
	w.Backend = &Program{name: "jaeger", config: InRepository(t, "collector/jaeger.yaml"), env: append(w.Metrics.ForJaeger(),
		"JAEGER_OTLP_GRPC="+FreeAddress(t), "JAEGER_OTLP_HTTP="+otlp, "JAEGER_MAX_TRACES=20000", "GOMEMLIMIT=8GiB",
		"JAEGER_QUERY_HTTP="+query, "JAEGER_QUERY_GRPC="+FreeAddress(t),
	)}
	collector := FreeAddress(t)
	w.Collector = &Program{name: "collector", config: InRepository(t, "collector/collector.yaml"), env: append(w.Metrics.ForCollector(),
		"COLLECTOR_OTLP_GRPC="+FreeAddress(t), "COLLECTOR_OTLP_HTTP="+collector,
		"JAEGER_OTLP_ENDPOINT=http://"+otlp, w.consoleOTLP(t),
	)}
	w.StartPart(t, w.Backend)
	w.StartPart(t, w.Collector)
	w.Jaeger = tracetree.NewJaeger("http://"+query, nil)
	w.Env = append(os.Environ(), "JAEGER_URL=http://"+query, "PROMETHEUS_URL=http://"+w.Metrics.Prometheus,
		"COLLECTOR_METRICS_URL=http://"+w.Metrics.Collector+"/metrics", "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+collector)
}

// StartPart starts the Collector or Jaeger.
func (w *World) StartPart(t *testing.T, p *Program) {
	t.Helper()
	p.now = w.Launch(t, p.name, p.env, JaegerBinary(t), "--config", p.config)
}

// PID returns the process id, or 0 after a kill.
func (p *Program) PID() int {
	if p.now == nil {
		return 0
	}
	return p.now.Cmd.Process.Pid
}

// KillPart kills the Collector or Jaeger with SIGKILL. It runs again at the latest when the test ends.
func (w *World) KillPart(t *testing.T, p *Program) {
	t.Helper()
	killed := p.now
	p.now = nil
	t.Cleanup(func() {
		if p.now == nil {
			w.StartPart(t, p)
		}
	})
	if err := killed.Cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatalf("kill -9 of %s: %v", p.name, err)
	}
	killed.done <- <-killed.done // End reads the result, too
}

// WithChannel calls use with a channel of a new connection.
func (w *World) WithChannel(t *testing.T, use func(ch *amqp091.Channel)) {
	t.Helper()
	conn, err := amqp091.Dial(w.Broker.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseDeadline(time.Now().Add(time.Second)) }()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	use(ch)
}

// Queues returns the names of the system's queues, except traceria.full, which accepts no message.
func Queues() []string {
	var names []string
	for _, q := range pizzeria.Known().Definitions().Queues {
		if q.Name != "traceria.full" {
			names = append(names, q.Name)
		}
	}
	return names
}

// Sweep empties every queue, so that a failed test does not fail the next.
func (w *World) Sweep(t *testing.T) {
	t.Helper()
	w.WithChannel(t, func(ch *amqp091.Channel) {
		for _, name := range append(Queues(), w.MoreQueues...) {
			if _, err := ch.QueuePurge(name, false); err != nil {
				t.Fatalf("empty %s: %v", name, err)
			}
		}
	})
}

// Waiting counts the messages in each queue that is not empty, without the unacked ones.
func (w *World) Waiting(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	w.WithChannel(t, func(ch *amqp091.Channel) {
		for _, name := range Queues() {
			q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
			if err != nil {
				t.Fatalf("look at %s: %v", name, err)
			}
			if q.Messages > 0 {
				found[name] = q.Messages
			}
		}
	})
	return found
}
