package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/brokertest"
	"traceria/services/broker/wire"
	"traceria/services/console"
	"traceria/services/host"
	"traceria/services/topology"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// desk is a broker with the whole topology, as the console sees it: with the rights of the user console.
type desk struct {
	*consoleBroker
	memory *telemetry.Memory
	server *rabbitmqtest.Broker
	config host.Config
	guest  *amqp091.Channel
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	folder := t.TempDir()
	if _, err := Default().WriteCredentials(folder, true); err != nil {
		t.Fatal(err)
	}
	d := &desk{memory: &telemetry.Memory{}, server: rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(filepath.Join(folder, "broker", "definitions.json")))}
	conn, err := wire.Dial(t.Context(), d.server.URL, "the test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if d.guest, err = conn.Channel(); err != nil {
		t.Fatal(err)
	}
	password, err := os.ReadFile(filepath.Join(folder, topology.Console, "password"))
	if err != nil {
		t.Fatal(err)
	}
	amqp, management := parsed(t, d.server.URL), parsed(t, d.server.ManagementURL)
	amqp.User, management.User = url.UserPassword(topology.Console, strings.TrimSpace(string(password))), nil
	d.config = host.Load(host.NewEnv(func(name string) (string, bool) {
		value, set := map[string]string{"AMQP_URL": amqp.String(), "RABBITMQ_MANAGEMENT_URL": management.String()}[name]
		return value, set
	}))
	d.consoleBroker = d.with(t, d.config)
	return d
}

// with returns another source, with another configuration.
func (d *desk) with(t *testing.T, config host.Config) *consoleBroker {
	t.Helper()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: console.Name, Memory: d.memory, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	b := newConsoleBroker(config, tel)
	t.Cleanup(b.close)
	return b
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const desired = "kitchen.order-confirmed"

// put publishes messages into a queue.
func (d *desk) put(t *testing.T, queue string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		message := amqp091.Publishing{MessageId: id, Body: []byte(`{"n":` + fmt.Sprint(len(id)) + `}`), DeliveryMode: amqp091.Persistent}
		if err := d.guest.PublishWithContext(t.Context(), "", queue, true, false, message); err != nil {
			t.Fatal(err)
		}
	}
}

// row is the line of a subscription.
func (d *desk) row(t *testing.T, b *consoleBroker, queue string) (console.Queue, string) {
	t.Helper()
	queues, remark, err := b.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(queues, func(q console.Queue) bool { return q.Queue == queue })
	if i < 0 || len(queues) != len(Default().Subscriptions) {
		t.Fatalf("%s is not among %d queues", queue, len(queues))
	}
	return queues[i], remark
}

func TestTheConsoleSeesTheBroker(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	t.Run("queues are counted", d.testCounts)
	t.Run("dead letters are shown and redriven", d.testRedrive)
	t.Run("without the management API AMQP counts", d.testWithoutManagement)
	t.Run("many readers cost one request", d.testReaders)
	t.Run("unknown queues are refused by name", d.testUnknownQueue)
	t.Run("a broker that is away is an error", d.testAway)
}

// Ready and unacked messages, consumers, rates, retries and dead letters of one subscription.
func (d *desk) testCounts(t *testing.T) {
	if q, _ := d.row(t, d.consoleBroker, desired); q.Ready+q.Unacked+q.Consumers+q.Retry+q.Dead != 0 || q.InPerSecond+q.OutPerSecond != 0 || q.Subscriber != "kitchen" || q.Event != "OrderConfirmed" {
		t.Errorf("an empty queue is %+v", q)
	}
	s, _ := d.subscription(desired)
	d.put(t, s.Queue(), "a", "b", "c")
	d.put(t, s.DeadQueue(), "d", "e")
	d.put(t, s.RetryQueue(5*time.Second), "r")
	if err := d.guest.Qos(1, 0, false); err != nil {
		t.Fatal(err)
	}
	taken, err := d.guest.ConsumeWithContext(t.Context(), s.Queue(), "the test", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	one := brokertest.Receive(t, taken)
	brokertest.Eventually(t, "a waiting message is counted within a second", func() bool {
		began := time.Now()
		d.put(t, s.Queue(), "now")
		before, _ := d.row(t, d.consoleBroker, desired)
		d.put(t, s.Queue(), "then")
		time.Sleep(countsFresh)
		after, _ := d.row(t, d.consoleBroker, desired)
		return after.Ready > before.Ready && time.Since(began) < time.Second
	})
	var seen console.Queue
	brokertest.Eventually(t, "the counts are those of the queue", func() bool {
		q, _ := d.row(t, d.consoleBroker, desired)
		seen.InPerSecond, seen.Retry = max(seen.InPerSecond, q.InPerSecond), max(seen.Retry, q.Retry)
		d.put(t, s.Queue(), "more") // a rate is the difference of two measurements
		if q.Ready >= 2 && q.Unacked == 1 && q.Consumers == 1 && q.Dead == 2 {
			return seen.InPerSecond > 0 && seen.Retry == 1
		}
		return false
	})
	if err := one.Ack(false); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "there is a rate of acks", func() bool {
		if err := brokertest.Receive(t, taken).Ack(false); err != nil {
			t.Fatal(err)
		}
		d.put(t, s.Queue(), "more")
		q, _ := d.row(t, d.consoleBroker, desired)
		return q.OutPerSecond > 0
	})
	if err := d.guest.Cancel("the test", false); err != nil {
		t.Fatal(err)
	}
	if _, err := d.guest.QueuePurge(s.DeadQueue(), false); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) testRedrive(t *testing.T) {
	const queue = "delivery.order-boxed"
	d.put(t, queue+".dead", "m-1", "m-2", "m-3")
	var letters []console.Letter
	brokertest.Eventually(t, "three letters are shown", func() (all bool) {
		var err error
		if letters, err = d.Letters(t.Context(), queue, 10); err != nil {
			t.Fatal(err)
		}
		return len(letters) == 3
	})
	if got := fmt.Sprintf("%s %s %q", letters[0].MessageID, letters[0].Body, letters[0].BodyEncoding); got != `m-1 {"n":3} ""` {
		t.Errorf("the first letter is %s", got)
	}
	sent, err := d.Redrive(t.Context(), queue, "m-2")
	if err != nil || len(sent) != 1 || sent[0].MessageID != "m-2" {
		t.Errorf("redriven %+v, %v", sent, err)
	}
	if sent, err := d.Redrive(t.Context(), queue, "m-2"); !errors.Is(err, console.ErrNoLetter) || len(sent) != 0 || !strings.Contains(err.Error(), "dead letters: 2") {
		t.Errorf("again: %+v, %v", sent, err)
	}
	// Readers of letters and redrives do not disturb each other.
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := d.Letters(t.Context(), queue, 10); err != nil {
				t.Error(err)
			}
		})
	}
	sent, err = d.Redrive(t.Context(), queue, "")
	all.Wait()
	if err != nil || len(sent) != 2 || sent[0].MessageID != "m-1" || sent[1].MessageID != "m-3" {
		t.Errorf("all: %+v, %v", sent, err)
	}
	if sent, err := d.Redrive(t.Context(), queue, ""); err != nil || len(sent) != 0 || sent == nil {
		t.Errorf("of none: %+v, %v", sent, err)
	}
	brokertest.Eventually(t, "the letters are in the subscription's queue", func() bool {
		found, err := d.guest.QueueDeclarePassive(queue, true, false, false, false, nil)
		return err == nil && found.Messages == 3
	})
	spans := d.memory.Spans()
	if len(spans) != 3 || spans[0].Service != console.Name || spans[0].Name != "send delivery.retry:"+queue {
		t.Errorf("the spans are %+v", spans)
	}
}

// The management API is away, refuses the user, or belongs to another broker. AMQP counts, and the remark says what is missing.
func (d *desk) testWithoutManagement(t *testing.T) {
	const queue = "loyalty.order-cancelled"
	d.put(t, queue+".dead", "m-1")
	defer func() { _, _ = d.guest.QueuePurge(queue+".dead", false) }()
	refused := parsed(t, d.server.ManagementURL)
	refused.User = url.UserPassword("guest", "wrong-secret")
	other := rabbitmqtest.Shared(t).ManagementURL
	for name, c := range map[string]struct{ url, says string }{
		"none":    {"", "there is no management API"},
		"away":    {"http://127.0.0.1:1", "connection refused"},
		"refused": {refused.String(), "401"},
		"other":   {other, "another broker"},
	} {
		config := d.config
		config.ManagementURL = c.url
		b := d.with(t, config)
		brokertest.Eventually(t, name+": the letter is counted", func() bool { q, _ := d.row(t, b, queue); return q.Dead == 1 })
		if _, remark := d.row(t, b, queue); !strings.Contains(remark, c.says) || !strings.Contains(remark, "no rates") || strings.Contains(remark, "secret") || strings.Contains(remark, "has no queue") {
			t.Errorf("%s: the remark is %q", name, remark)
		}
	}
	if _, remark := d.row(t, d.consoleBroker, queue); remark != "" {
		t.Errorf("with a management API the remark is %q", remark)
	}
}

func (d *desk) testReaders(t *testing.T) {
	if _, _, err := d.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if _, _, err := d.List(cancelled); err != nil { // a reader that goes away spoils nothing
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("200 readers took %s", took)
	}
}

func (d *desk) testUnknownQueue(t *testing.T) {
	for _, queue := range []string{"", "kitchen", "kitchen.order-confirmed.retry", "traceria.full", strings.Repeat("x", 9999)} {
		_, err := d.Letters(t.Context(), queue, 1)
		_, err2 := d.Redrive(t.Context(), queue, "")
		for _, err := range []error{err, err2} {
			if !errors.Is(err, console.ErrNoQueue) || !strings.Contains(err.Error(), desired) || len(err.Error()) > 2000 {
				t.Errorf("%.20s: %v", queue, err)
			}
		}
	}
}

func (d *desk) testAway(t *testing.T) {
	config := d.config
	config.AMQPURL = "amqp://console:some-secret@127.0.0.1:1/"
	b := d.with(t, config)
	_, _, listed := b.List(t.Context())
	_, shown := b.Letters(t.Context(), desired, 1)
	_, redriven := b.Redrive(t.Context(), desired, "")
	for _, err := range []error{listed, shown, redriven} {
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:1") {
			t.Errorf("got %v", err)
		}
	}
}
