package systemtest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/pizzeria"
	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// World is what the chaos tests share, because it takes long to start: RabbitMQ, the Collector and Jaeger. Each test
// has services and databases of its own.
type World struct {
	*System
	Collector, Backend *Program
	brokerAway         bool
	// MoreQueues are queues of the tests themselves: they are emptied, too.
	MoreQueues []string
}

// Program is the Collector or Jaeger. It can be killed and started again at the same addresses.
type Program struct {
	env    []string
	config string
	name   string
	now    *Process // nil when it was killed
}

// StartWorld starts RabbitMQ, the Collector and Jaeger, and finds addresses for the services.
func StartWorld(t *testing.T) *World {
	t.Helper()
	skipShort(t)
	w := &World{System: &System{Addresses: map[string]string{}}}
	t.Cleanup(func() {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.startTelemetry(t)
	// Each service is a user of its own, as everywhere: what it may not do, it may not do after a fault either.
	w.Credentials = t.TempDir()
	if _, err := w.TraceriaWith([]string{"AMQP_PASSWORD_FILE="}, "topology", "credentials", w.Credentials, "--guest"); err != nil {
		t.Fatal(err)
	}
	w.Broker = rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(filepath.Join(w.Credentials, "broker", "definitions.json")))
	for _, service := range pizzeria.Services() {
		w.Addresses[service.Name] = FreeAddress(t)
	}
	return w
}

// startTelemetry is what make up does, with room in Jaeger for every order and for a flood of 10,000 messages that
// are a trace each.
func (w *World) startTelemetry(t *testing.T) {
	t.Helper()
	query, otlp := FreeAddress(t), FreeAddress(t)
	w.Backend = &Program{name: "jaeger", config: InRepository(t, "collector/jaeger.yaml"), env: []string{
		"JAEGER_OTLP_GRPC=" + FreeAddress(t), "JAEGER_OTLP_HTTP=" + otlp, "JAEGER_MAX_TRACES=40000",
		"JAEGER_QUERY_HTTP=" + query, "JAEGER_QUERY_GRPC=" + FreeAddress(t),
	}}
	collector := FreeAddress(t)
	w.Collector = &Program{name: "collector", config: InRepository(t, "collector/collector.yaml"), env: []string{
		"COLLECTOR_OTLP_GRPC=" + FreeAddress(t), "COLLECTOR_OTLP_HTTP=" + collector,
		"COLLECTOR_PROMETHEUS=" + FreeAddress(t), "JAEGER_OTLP_ENDPOINT=http://" + otlp,
	}}
	w.StartPart(t, w.Backend)
	w.StartPart(t, w.Collector)
	w.Jaeger = tracetree.NewJaeger("http://"+query, nil)
	w.Env = append(os.Environ(), "JAEGER_URL=http://"+query, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+collector)
}

// StartPart starts the Collector or Jaeger.
func (w *World) StartPart(t *testing.T, p *Program) {
	t.Helper()
	p.now = w.Launch(t, p.name, p.env, JaegerBinary(t), "--config", p.config)
}

// KillPart ends it as a crash would, and returns when it is gone. At the latest when the test ends it is back.
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
	killed.done <- <-killed.done // stop looks there, too
}

// WithChannel lends a channel of a connection of its own.
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

// Queues are the names of all queues that the system has, but for the one that takes nothing.
func Queues() []string {
	var names []string
	for _, q := range pizzeria.Known().Definitions().Queues {
		if q.Name != "traceria.full" {
			names = append(names, q.Name)
		}
	}
	return names
}

// Sweep empties every queue: a test that failed must not fail the next.
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

// Waiting is how many messages are in each queue that is not empty. What a consumer holds is not counted.
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
