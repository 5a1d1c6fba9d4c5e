package broker_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
)

// What is deleted while the system runs comes back with its bindings, and it is said what was missing.
func TestWhatIsDeletedIsDeclaredAgain(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	s := boxed(nil)
	said := make(chan string, 100)
	until(t, func(ctx context.Context) {
		broker.Topology{Subscriptions: []broker.Subscription{s}}.Watch(ctx, b.url, "", func(line string) { said <- line }, nil)
	})
	if line := receive(t, said); !strings.Contains(line, "has the whole topology (declared [") {
		t.Errorf("at first it says %q", line)
	}
	cases := []struct {
		what   string
		delete func(ch *amqp091.Channel) error
	}{
		{"queue " + s.Queue(), func(ch *amqp091.Channel) error {
			_, err := ch.QueueDelete(s.Queue(), false, false, false)
			return err
		}},
		{"exchange " + s.Event.Exchange, func(ch *amqp091.Channel) error { return ch.ExchangeDelete(s.Event.Exchange, false, false) }},
	}
	for _, c := range cases {
		if err := c.delete(b.channel(t)); err != nil {
			t.Fatal(err)
		}
		if line, want := receive(t, said), `declared ["`+c.what+`"], which were missing`; line != want {
			t.Errorf("%s was deleted: it says %q, want %q", c.what, line, want)
		}
		b.put(t, s, amqp091.Publishing{Body: []byte(c.what)})
		if got := b.take(t, s.Queue()); string(got.Body) != c.what {
			t.Errorf("%s was deleted: the queue has %q", c.what, got.Body)
		}
	}
}

// A queue that an earlier release declared with other arguments is left as it is, and keeps nothing else from being declared.
func TestWhatIsThereIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	s := boxed(nil)
	if _, err := b.channel(t).QueueDeclare(s.DeadQueue(), true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	topology := broker.Topology{Subscriptions: []broker.Subscription{s}}
	until(t, func(ctx context.Context) { topology.Watch(ctx, b.url, "", func(line string) { said <- line }, nil) })
	if line := receive(t, said); !strings.Contains(line, "has the whole topology (declared [") {
		t.Errorf("it says %q", line)
	}
	if missing, err := topology.Missing(b.conn(t)); err != nil || len(missing) > 0 {
		t.Errorf("missing %v: %v", missing, err)
	}
}
