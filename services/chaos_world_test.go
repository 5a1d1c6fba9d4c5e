package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry/otelamqp/rabbitmqtest"
	"traceria/telemetry/tracetree"
)

// world is what the chaos tests share, because it takes long to start: RabbitMQ, the Collector and Jaeger. Each test
// has services and databases of its own.
type world struct {
	*system
	collector, backend *program
	brokerAway         bool
	// wanted are the messages of an order's trace in a system that nothing has happened to.
	wanted shapes
}

// program is the Collector or Jaeger: a program that can be killed and started again at the same addresses.
type program struct {
	env    []string
	config string
	name   string
	now    *process // nil when it was killed
}

// startWorld starts RabbitMQ, the Collector and Jaeger, and finds addresses for the services.
func startWorld(t *testing.T) *world {
	t.Helper()
	w := &world{system: &system{addresses: map[string]string{}}}
	t.Cleanup(func() {
		if err := w.stop(); err != nil {
			t.Error(err)
		}
	})
	w.startTelemetry(t)
	// Each service is a user of its own, as everywhere: what it may not do, it may not do after a fault either.
	w.credentials = t.TempDir()
	if _, err := w.traceriaWith([]string{"AMQP_PASSWORD_FILE="}, "topology", "credentials", w.credentials, "--guest"); err != nil {
		t.Fatal(err)
	}
	w.broker = rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(filepath.Join(w.credentials, "broker", "definitions.json")))
	w.declareWitness(t)
	for _, service := range services() {
		w.addresses[service.Name] = freeAddress(t)
	}
	return w
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := startWorld(t)
	// RabbitMQ 3.10 forgets a quorum queue that was declared less than about three minutes before a kill: Ra saves
	// its names late. An end in order saves them now.
	if err := w.broker.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.broker.Start(); err != nil {
		t.Fatal(err)
	}
	w.learnShapes(t)
	return w
}

// startTelemetry is what make up does, with room in Jaeger for every order and for a flood of 10,000 messages that
// are a trace each.
func (w *world) startTelemetry(t *testing.T) {
	t.Helper()
	query, otlp := freeAddress(t), freeAddress(t)
	w.backend = &program{name: "jaeger", config: "../collector/jaeger.yaml", env: []string{
		"JAEGER_OTLP_GRPC=" + freeAddress(t), "JAEGER_OTLP_HTTP=" + otlp, "JAEGER_MAX_TRACES=40000",
		"JAEGER_QUERY_HTTP=" + query, "JAEGER_QUERY_GRPC=" + freeAddress(t),
	}}
	collector := freeAddress(t)
	w.collector = &program{name: "collector", config: "../collector/collector.yaml", env: []string{
		"COLLECTOR_OTLP_GRPC=" + freeAddress(t), "COLLECTOR_OTLP_HTTP=" + collector,
		"COLLECTOR_PROMETHEUS=" + freeAddress(t), "JAEGER_OTLP_ENDPOINT=http://" + otlp,
	}}
	w.startPart(t, w.backend)
	w.startPart(t, w.collector)
	w.jaeger = tracetree.NewJaeger("http://"+query, nil)
	w.env = append(os.Environ(), "JAEGER_URL=http://"+query, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+collector)
}

func (w *world) startPart(t *testing.T, p *program) {
	t.Helper()
	p.now = w.launch(t, p.name, p.env, jaegerBinary(t), "--config", p.config)
}

// killPart ends it as a crash would, and returns when it is gone. At the latest when the test ends it is back.
func (w *world) killPart(t *testing.T, p *program) {
	t.Helper()
	killed := p.now
	p.now = nil
	t.Cleanup(func() {
		if p.now == nil {
			w.startPart(t, p)
		}
	})
	if err := killed.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatalf("kill -9 of %s: %v", p.name, err)
	}
	killed.done <- <-killed.done // stop looks there, too
}

// withChannel lends a channel of a connection of its own.
func (w *world) withChannel(t *testing.T, use func(ch *amqp091.Channel)) {
	t.Helper()
	conn, err := amqp091.Dial(w.broker.URL)
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

// queues are the names of all queues that the system has, but for the one that takes nothing.
func queues() []string {
	var names []string
	for _, q := range known().Definitions().Queues {
		if q.Name != "traceria.full" {
			names = append(names, q.Name)
		}
	}
	return names
}

// sweep empties every queue: a test that failed must not fail the next.
func (w *world) sweep(t *testing.T) {
	t.Helper()
	w.withChannel(t, func(ch *amqp091.Channel) {
		for _, name := range append(queues(), witness) {
			if _, err := ch.QueuePurge(name, false); err != nil {
				t.Fatalf("empty %s: %v", name, err)
			}
		}
	})
}

// waiting is how many messages are in each queue that is not empty. What a consumer holds is not counted.
func (w *world) waiting(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	w.withChannel(t, func(ch *amqp091.Channel) {
		for _, name := range queues() {
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
