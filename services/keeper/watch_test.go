package keeper_test

import (
	"strings"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/keeper"
)

// A queue or an exchange is deleted. It is restored with its bindings, and the keeper says what was missing.
func TestWhatIsDeletedIsDeclaredAgain(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(nil)
	said := make(chan string, 100)
	all := broker.TopologyOf([]broker.Subscription{s})
	keep(t, keeper.Config{Topology: fixed(all), URL: b.URL, Say: func(line string) { said <- line }})
	if line := brokertest.Receive(t, said); !strings.Contains(line, "has the whole topology (declared [") {
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
		if err := c.delete(b.Channel(t)); err != nil {
			t.Fatal(err)
		}
		if line, want := brokertest.Receive(t, said), `declared ["`+c.what+`"], which were missing`; line != want {
			t.Errorf("%s was deleted: it says %q, want %q", c.what, line, want)
		}
		b.Put(t, s, amqp091.Publishing{Body: []byte(c.what)})
		if got := b.Take(t, s.Queue()); string(got.Body) != c.what {
			t.Errorf("%s was deleted: the queue has %q", c.what, got.Body)
		}
	}
}

// A queue that exists with other arguments is not changed, and all the rest is declared.
func TestWhatIsThereIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(nil)
	if _, err := b.Channel(t).QueueDeclare(s.DeadQueue(), true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	all := broker.TopologyOf([]broker.Subscription{s})
	keep(t, keeper.Config{Topology: fixed(all), URL: b.URL, Say: func(line string) { said <- line }})
	if line := brokertest.Receive(t, said); !strings.Contains(line, "has the whole topology (declared [") {
		t.Errorf("it says %q", line)
	}
	if missing, err := broker.Missing(b.Conn(t), all.Layout()); err != nil || len(missing) > 0 {
		t.Errorf("missing %v: %v", missing, err)
	}
}
