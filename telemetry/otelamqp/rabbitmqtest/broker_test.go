package rabbitmqtest_test

import (
	"os"
	"testing"

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
	declare(t, first, "orders", false)
	if err := declarePassive(t, second, "orders"); err == nil {
		t.Error("a queue of one virtual host is seen in the other")
	}
}

func TestBrokerKeepsDurableQueuesOverKillAndStop(t *testing.T) {
	b := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	declare(t, b.URL, "orders", true)
	for name, end := range map[string]func() error{"stop": b.Stop, "kill": b.Kill} {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if conn, err := amqp091.Dial(b.URL); err == nil {
			conn.Close()
			t.Fatalf("after %s the broker still answers", name)
		}
		if err := b.Start(); err != nil {
			t.Fatalf("start after %s: %v", name, err)
		}
		if err := declarePassive(t, b.URL, "orders"); err != nil {
			t.Errorf("after %s the durable queue is gone: %v", name, err)
		}
	}
}

func declare(t *testing.T, url, queue string, durable bool) {
	t.Helper()
	conn, err := amqp091.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare(queue, durable, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
}

func declarePassive(t *testing.T, url, queue string) error {
	t.Helper()
	conn, err := amqp091.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ch.QueueDeclarePassive(queue, true, false, false, false, nil)
	return err
}
