package system

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// The error names the variable and the allowed values, the exit code is 2, and nothing starts.
func TestWrongConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	cases := []struct{ variable, value, want string }{
		{"AMQP_URL", "http://broker", "amqp://"},
		{"AMQP_URL", "amqp://user:secret@host:port/", "amqp://"},
		{"HTTP_ADDR", "8082", "host:port"},
		{"DATABASE_URL", "mysql://db/{service}", "sqlite"},
		{"DATABASE_URL", "sqlite:/tmp/one.db", "{service}"},
		{"ORDER_URL", "localhost:8081", "http://"},
		{"JAEGER_URL", "ftp://jaeger", "http://"},
		{"KITCHEN_COOKING_TIME", "soon", "duration"},
		{"KITCHEN_COOKING_TIME", "5s-1s", "duration"},
		{"KITCHEN_LARGEST_TICKET", "0", "1 to"},
		{"LOG_LEVEL", "loud", "debug"},
		{"OTEL_TRACES_EXPORTER", "zipkin", "otlp"},
		{"OTEL_TRACES_SAMPLER", "sometimes", "traceidratio"},
		{"OTEL_BSP_MAX_QUEUE_SIZE", "many", "whole number"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector", "http://"},
	}
	for _, c := range cases {
		t.Run(c.variable+"="+c.value, func(t *testing.T) {
			t.Parallel()
			_, err := (&systemtest.System{}).TraceriaWith([]string{c.variable + "=" + c.value}, "kitchen")
			if systemtest.ExitCode(err) != 2 {
				t.Fatalf("exit code %d, want 2: %v", systemtest.ExitCode(err), err)
			}
			if !strings.Contains(err.Error(), c.variable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s and %q in: %v", c.variable, c.want, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestWrongCommandLineIsNamed(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"fly"}, {"buy", "--count", "0"}, {"buy", "--count", "x"}, {"buy", "--nonsense"}, {"trace"}, {"status", "oven"}, {"kitchen", "now"},
	} {
		if _, err := (&systemtest.System{}).Traceria(args...); systemtest.ExitCode(err) != 2 {
			t.Errorf("traceria %s: exit code %d, want 2: %v", strings.Join(args, " "), systemtest.ExitCode(err), err)
		}
	}
}

// The services report once that they wait, accept orders, and handle them when broker and Collector are available.
func TestServicesWaitForTheBrokerAndTheCollector(t *testing.T) {
	t.Parallel()
	broker := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	if err := broker.Stop(); err != nil {
		t.Fatal(err)
	}
	own := &systemtest.System{Env: append(os.Environ(), "AMQP_URL="+broker.URL, "TRACERIA_DATA="+t.TempDir(),
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://"+systemtest.FreeAddress(t), "OTEL_BLRP_SCHEDULE_DELAY=100"), Addresses: map[string]string{}}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	var running []*systemtest.Process
	for _, service := range pizzeria.Services() {
		own.Addresses[service.Name] = systemtest.FreeAddress(t)
		running = append(running, own.Launch(t, service.Name, []string{"HTTP_ADDR=" + own.Addresses[service.Name]}, os.Args[0], service.Name))
	}
	var order orderclient.Order
	systemtest.Eventually(t, 20*time.Second, "the order service takes an order", func() (ok bool) {
		var err error
		order, err = own.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("early"))
		return err == nil
	})
	systemtest.Eventually(t, 20*time.Second, "undelivered telemetry is reported", func() bool {
		return strings.Contains(running[0].Out.String(), "cannot export telemetry")
	})
	for _, p := range running {
		systemtest.Eventually(t, 20*time.Second, p.Name+" reports the wait", func() bool {
			return strings.Contains(p.Out.String(), "waiting for RabbitMQ")
		})
		said := strings.Count(p.Out.String(), "waiting for RabbitMQ")
		if most := 2; said > most { // one for each connection
			t.Errorf("%s reports the wait %d times, want at most %d:\n%s", p.Name, said, most, p.Out)
		}
		if n := strings.Count(p.Out.String(), "cannot export telemetry"); n > 1 {
			t.Errorf("%s reports undelivered telemetry %d times within seconds", p.Name, n)
		}
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	if out, err := own.Traceria("topology", "apply"); err != nil { // services declare nothing themselves
		t.Fatalf("%v\n%s", err, out)
	}
	if last, err := own.Client().Await(t.Context(), order.OrderID); err != nil || last.Status != "delivered" {
		t.Errorf("the early order is %s: %v", last.Status, err)
	}
}

// All services run in one process. It exits with 0 within ten seconds of SIGTERM.
func TestAllInOneProcess(t *testing.T) {
	s := systemtest.Up(t)
	// A private broker separates this system from the shared one.
	broker := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	own := &systemtest.System{Env: append(append([]string{}, s.Env...), "AMQP_URL="+broker.URL, "TRACERIA_DATA="+t.TempDir()), Addresses: map[string]string{}}
	for _, service := range pizzeria.All() {
		own.Addresses[service.Name] = systemtest.FreeAddress(t)
		own.Env = append(own.Env, strings.ToUpper(service.Name)+"_URL=http://"+own.Addresses[service.Name])
	}
	p := own.Launch(t, "all", nil, os.Args[0], "all")
	for name, address := range own.Addresses { // an order that waits for the topology has a pause in its trace
		systemtest.AwaitReady(t, name, address)
	}
	client := own.Client()
	var order orderclient.Order
	systemtest.Eventually(t, 20*time.Second, "an order is accepted", func() (ok bool) {
		var err error
		order, err = client.Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("one-process"))
		return err == nil
	})
	if last, err := client.Await(t.Context(), order.OrderID); err != nil || last.Status != "delivered" {
		t.Fatalf("the order is %s: %v\n%s", last.Status, err, p.Out)
	}
	systemtest.MatchGolden(t, systemtest.HappyPath, s.Tree(t, order.TraceID))
	if err := own.Stop(); err != nil {
		t.Error(err)
	}
}

// play needs RabbitMQ only. It works beside a running system on the same broker.
func TestPlayShowsOneOrder(t *testing.T) {
	s := systemtest.Up(t)
	began := time.Now()
	out, err := s.TraceriaWith([]string{"JAEGER_URL=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"}, "play")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("play took %s", time.Since(began).Round(time.Millisecond))
	for _, want := range []string{"POST /order", "waited", "process kitchen.private:kitchen.ticket-opened.v1:kitchen.ticket-opened"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var vhosts []struct{ Name string }
	if err := json.Unmarshal(s.Broker.Manage(t, http.MethodGet, "/api/vhosts", ""), &vhosts); err != nil {
		t.Fatal(err)
	}
	if len(vhosts) != 1 {
		t.Errorf("play left a virtual host: %v", vhosts)
	}
}

// The error names the broker's address and AMQP_URL.
func TestPlayWithoutBroker(t *testing.T) {
	t.Parallel()
	address := systemtest.FreeAddress(t)
	_, err := (&systemtest.System{}).TraceriaWith([]string{
		"AMQP_URL=amqp://guest:guest@" + address, "RABBITMQ_MANAGEMENT_URL=http://guest:guest@" + systemtest.FreeAddress(t),
	}, "play")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "AMQP_URL") {
		t.Errorf("got %v", err)
	}
}

func TestStatusNamesAnUnhealthyPart(t *testing.T) {
	t.Parallel()
	_, err := (&systemtest.System{}).TraceriaWith([]string{"ORDER_URL=http://" + systemtest.FreeAddress(t)}, "status", "order", "--json")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "order") {
		t.Errorf("got %v", err)
	}
}

// The file equals the topology in the code.
func TestDefinitionsFileIsNotStale(t *testing.T) {
	t.Parallel()
	want, err := pizzeria.Default().Definitions().JSON()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(systemtest.InRepository(t, "services/topology/definitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("services/topology/definitions.json is stale: run `make generate`")
	}
}
