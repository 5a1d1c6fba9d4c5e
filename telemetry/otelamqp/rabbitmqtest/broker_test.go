package rabbitmqtest_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
)

func TestMain(m *testing.M) { os.Exit(rabbitmqtest.Main(m)) }

func TestVHostIsOneTestsOwn(t *testing.T) {
	b := rabbitmqtest.Shared(t)
	first, second := b.VHost(t), b.VHost(t)
	if first == second {
		t.Fatalf("two virtual hosts with one address: %s", first)
	}
	declare(t, first, "orders", nil)
	if err := declarePassive(t, second, "orders"); err == nil {
		t.Error("a queue of one virtual host is seen in the other")
	}
}

// TestEachVersionStarts: RABBITMQ chooses the version, and brokers of several versions run beside each other.
func TestEachVersionStarts(t *testing.T) {
	var brokers []*rabbitmqtest.Broker
	for _, version := range []string{"4.0", "4.3", "installed"} {
		t.Setenv("RABBITMQ", version)
		b := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
		brokers = append(brokers, b)
		got := b.Version(t)
		if version != "installed" && !strings.HasPrefix(got, version+".") {
			t.Errorf("RABBITMQ=%s started %s", version, got)
		}
		if out, err := b.Ctl("version"); err != nil || strings.TrimSpace(out) != got {
			t.Errorf("rabbitmqctl of RABBITMQ=%s: %s %v, want %s", version, out, err, got)
		}
		declare(t, b.URL, version, nil)
	}
	if err := brokers[0].Kill(); err != nil {
		t.Fatal(err)
	}
	for i, version := range []string{"4.3", "installed"} {
		if err := declarePassive(t, brokers[i+1].URL, version); err != nil {
			t.Errorf("the queue of the broker %s: %v", version, err)
		}
	}
}

func TestDefinitionsAreLoadedAtTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "definitions.json")
	write := func(queue string) {
		definitions := `{"users": [{"name": "cook", "password": "secret", "tags": "administrator"}], "vhosts": [{"name": "/"}],
			"permissions": [{"user": "cook", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
			"queues": [{"name": "` + queue + `", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {}}]}`
		if err := os.WriteFile(path, []byte(definitions), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("orders")
	b := rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(path), rabbitmqtest.WithCredentials("cook", "secret"))
	write("refunds")
	if err := errors.Join(b.Stop(), b.Start()); err != nil {
		t.Fatal(err)
	}
	for _, queue := range []string{"orders", "refunds"} {
		if err := declarePassive(t, b.URL, queue); err != nil {
			t.Errorf("the queue %s of the definitions: %v", queue, err)
		}
	}
}

// TestBrokerKeepsItsQueues: over an orderly end and a kill the broker keeps durable queues, and the message of a quorum queue.
func TestBrokerKeepsItsQueues(t *testing.T) {
	b := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	declare(t, b.URL, "orders", nil)
	declare(t, b.URL, "kitchen", amqp091.Table{"x-queue-type": "quorum"})
	publish(t, b.URL, "kitchen", "margherita")
	// The kill comes last: one within half a second of the declaration loses a quorum queue, whose log is not registered yet.
	for _, end := range []struct {
		name string
		do   func() error
	}{{"stop", b.Stop}, {"kill", b.Kill}} {
		if err := end.do(); err != nil {
			t.Fatalf("%s: %v", end.name, err)
		}
		if conn, err := amqp091.Dial(b.URL); err == nil {
			conn.Close()
			t.Fatalf("after %s the broker still answers", end.name)
		}
		if err := b.Start(); err != nil {
			t.Fatalf("start after %s: %v", end.name, err)
		}
		if err := declarePassive(t, b.URL, "orders"); err != nil {
			t.Errorf("after %s the durable queue is gone: %v", end.name, err)
		}
		if body := first(t, b.URL, "kitchen"); body != "margherita" {
			t.Errorf("after %s the quorum queue has %q", end.name, body)
		}
	}
}

func publish(t *testing.T, url, queue, body string) {
	t.Helper()
	ch := open(t, url)
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	confirmation, err := ch.PublishWithDeferredConfirm("", queue, true, false, amqp091.Publishing{Body: []byte(body)})
	if err != nil || !confirmation.Wait() {
		t.Fatalf("publish: %v", err)
	}
}

// first returns the first message of a queue and leaves it there. A quorum queue answers with INTERNAL_ERROR until it has a
// leader.
func first(t *testing.T, url, queue string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		ch := open(t, url)
		d, ok, err := ch.Get(queue, false)
		if ok {
			if err := d.Nack(false, true); err != nil {
				t.Fatal(err)
			}
			return string(d.Body)
		}
		if time.Now().After(deadline) {
			t.Fatalf("no message in %s: %v", queue, err)
		}
	}
}

func declare(t *testing.T, url, queue string, args amqp091.Table) {
	t.Helper()
	if _, err := open(t, url).QueueDeclare(queue, true, false, false, false, args); err != nil {
		t.Fatal(err)
	}
}

func declarePassive(t *testing.T, url, queue string) error {
	t.Helper()
	_, err := open(t, url).QueueDeclarePassive(queue, true, false, false, false, nil)
	return err
}

// open opens a channel on a connection of its own.
func open(t *testing.T, url string) *amqp091.Channel {
	t.Helper()
	conn, err := amqp091.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test may have ended the broker
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func TestMetricsHaveASeriesForEachQueue(t *testing.T) {
	t.Parallel()
	b := rabbitmqtest.Start(t, rabbitmqtest.WithMetrics())
	declare(t, b.URL, "pizza", nil)
	found := ""
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(found, `queue="pizza"`); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no metrics of the queue:\n%.2000s", found)
		}
		found = read(t, b.MetricsURL+"/metrics/per-object")
	}
}

func read(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
