package keeper_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// house is a broker with the whole topology, and the users of the services.
type house struct {
	topology topology.Topology
	server   *rabbitmqtest.Broker
	folder   string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	_, all := brokertest.Definitions(t, definitions)
	h := &house{topology: all, folder: t.TempDir()}
	if _, err := all.WriteCredentials(h.folder, true); err != nil {
		t.Fatal(err)
	}
	h.server = rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(filepath.Join(h.folder, "broker", "definitions.json")))
	h.mark(t)
	h.sweep(t)
	return h
}

// url is the broker's, for the user.
func (h *house) url(t *testing.T, user string) string {
	t.Helper()
	u, err := url.Parse(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if user != "guest" {
		password, err := os.ReadFile(filepath.Join(h.folder, user, "password"))
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(user, strings.TrimSpace(string(password)))
	}
	return u.String()
}

func (h *house) as(t *testing.T, user string) *amqp091.Connection {
	t.Helper()
	conn, err := wire.Dial(t.Context(), h.url(t, user), "the test as "+user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// queues are all that the topology has and that take messages.
func (h *house) queues() []string {
	var names []string
	for _, q := range h.topology.Definitions().Queues {
		if q.Name != "traceria.full" {
			names = append(names, q.Name)
		}
	}
	return names
}

// marker is in every queue, so that both who writes and who reads is found out.
const marker = "here from the start"

func (h *house) mark(t *testing.T) {
	t.Helper()
	conn := h.as(t, "guest")
	for _, queue := range h.queues() {
		if strings.Contains(queue, ".retry.") {
			continue // from there it would move on
		}
		brokertest.Eventually(t, queue+" takes messages", func() bool { // a quorum queue that was just made has no leader for a moment
			return publish(t, conn, "", queue, amqp091.Publishing{Body: []byte(marker)}) == nil
		})
	}
}

func (h *house) sweep(t *testing.T) {
	t.Helper()
	ch, err := h.as(t, "guest").Channel()
	if err != nil {
		t.Fatal(err)
	}
	for _, queue := range h.queues() {
		if _, err := ch.QueuePurge(queue, false); err != nil {
			t.Fatal(err)
		}
	}
}

// checkUntouched holds every queue against its marker.
func (h *house) checkUntouched(t *testing.T) {
	t.Helper()
	ch, err := h.as(t, "guest").Channel()
	if err != nil {
		t.Fatal(err)
	}
	for _, queue := range h.queues() {
		want := []string{marker}
		if strings.Contains(queue, ".retry.") {
			want = nil
		}
		var got []string
		for {
			d, there, err := ch.Get(queue, false)
			if err != nil {
				t.Fatal(err)
			}
			if !there {
				break
			}
			got = append(got, string(d.Body))
			if d.Redelivered {
				t.Errorf("somebody had the message of %s in hand", queue)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("messages in %s (-want +got):\n%s", queue, diff)
		}
	}
}

// publish publishes one mandatory message on a channel of its own and waits for the broker's word: nil when it has the message in a queue.
func publish(t *testing.T, conn *amqp091.Connection, exchange, key string, message amqp091.Publishing) error {
	t.Helper()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ch.Close() }()
	closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
	returned := ch.NotifyReturn(make(chan amqp091.Return, 1))
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	confirm, err := ch.PublishWithDeferredConfirmWithContext(t.Context(), exchange, key, true, false, message)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case reason := <-closed:
		return reason
	case <-confirm.Done():
	case <-time.After(brokertest.Deadline):
		t.Fatalf("no answer to a message to %s:%s within %s", exchange, key, brokertest.Deadline)
	}
	if !confirm.Acked() {
		select {
		case reason := <-closed: // the confirm of a channel that closed is a nack
			return reason
		default:
			return errors.New("nack")
		}
	}
	select {
	case back := <-returned:
		return fmt.Errorf("returned: %s", back.ReplyText)
	default:
		return nil
	}
}

// attempt is something that a user tries with a channel of its own.
type attempt struct {
	name string
	do   func(ch *amqp091.Channel) error
}

// intrusions are what the service must not be able to do: all that touches another, and all that would change the
// broker, its own part included.
func (h *house) intrusions(service string) []attempt {
	var all []attempt
	try := func(name string, do func(ch *amqp091.Channel) error) { all = append(all, attempt{name, do}) }
	for _, queue := range h.queues() {
		if owner, _, _ := strings.Cut(queue, "."); owner != service {
			try("get from "+queue, func(ch *amqp091.Channel) error { _, _, err := ch.Get(queue, true); return err })
			try("consume "+queue, func(ch *amqp091.Channel) error {
				_, err := ch.Consume(queue, "", true, false, false, false, nil)
				return err
			})
			// Who may read a queue may purge it, as by reading it all.
			try("purge "+queue, func(ch *amqp091.Channel) error { _, err := ch.QueuePurge(queue, false); return err })
		}
		try("delete "+queue, func(ch *amqp091.Channel) error { _, err := ch.QueueDelete(queue, false, false, false); return err })
		try("bind "+queue, func(ch *amqp091.Channel) error {
			return ch.QueueBind(queue, service+".new.v1", event.PublicExchange, false, nil)
		})
	}
	for _, b := range h.topology.Definitions().Bindings {
		try("unbind "+b.Destination+" from "+b.Source, func(ch *amqp091.Channel) error {
			return ch.QueueUnbind(b.Destination, b.RoutingKey, b.Source, nil)
		})
	}
	return append(all, h.shortcuts(service)...)
}

// shortcuts lead past the topic permissions: RabbitMQ asks for no routing key when a queue or an exchange passes a
// message on.
func (h *house) shortcuts(service string) []attempt {
	const victim = "order.order-confirmed.v2"
	arguments := amqp091.Table{"x-dead-letter-exchange": event.PublicExchange, "x-dead-letter-routing-key": victim, "x-message-ttl": int32(1)}
	all := []attempt{
		{"declare a queue that forges", func(ch *amqp091.Channel) error {
			_, err := ch.QueueDeclare(service+".forger", false, true, false, false, arguments)
			return err
		}},
		{"declare a queue without a name", func(ch *amqp091.Channel) error {
			_, err := ch.QueueDeclare("", false, true, true, false, arguments)
			return err
		}},
		{"declare an exchange that forges", func(ch *amqp091.Channel) error {
			return ch.ExchangeDeclare(service+".forger", "direct", false, true, false, false,
				amqp091.Table{"alternate-exchange": event.PublicExchange})
		}},
	}
	own := []string{event.PublicExchange, event.KitchenExchange, "amq.topic", "amq.fanout"}
	for _, x := range h.topology.Definitions().Exchanges {
		all = append(all, attempt{"delete exchange " + x.Name, func(ch *amqp091.Channel) error { return ch.ExchangeDelete(x.Name, false, false) }})
		own = append(own, x.Name)
	}
	for _, from := range own {
		for _, to := range own {
			if from != to {
				all = append(all, attempt{"lead " + from + " into " + to, func(ch *amqp091.Channel) error {
					return ch.ExchangeBind(to, victim, from, false, nil)
				}})
			}
		}
	}
	return all
}

// forbidden are where the service must not publish, as exchange and routing key.
func (h *house) forbidden(service string) [][2]string {
	var all [][2]string
	for _, typ := range event.Catalogue {
		if typ.Domain != service {
			all = append(all, [2]string{typ.Exchange, typ.RoutingKey()})
		}
		all = append(all, [2]string{"amq.topic", typ.RoutingKey()})
	}
	for _, b := range h.topology.Definitions().Bindings {
		if strings.HasSuffix(b.Source, ".retry") || strings.HasSuffix(b.Source, ".dead") {
			if !strings.HasPrefix(b.Source, service+".") {
				all = append(all, [2]string{b.Source, b.RoutingKey})
			}
		}
	}
	for _, queue := range h.queues() {
		for _, exchange := range []string{"", "amq.direct", "amq.fanout", "amq.headers"} {
			all = append(all, [2]string{exchange, queue})
		}
	}
	if service != "kitchen" {
		all = append(all, [2]string{event.KitchenExchange, service + ".anything.v1"})
	}
	// Names that only look as if they were allowed.
	return append(all, [2]string{event.PublicExchange, service}, [2]string{event.PublicExchange, service + "x.order-confirmed.v1"},
		[2]string{event.PublicExchange, ""}, [2]string{event.PublicExchange, "x." + service + ".order-confirmed.v1"})
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	t.Run("a service can do its own work", h.testOwnWork)
	t.Run("a key in a header is refused or seen", h.testKeyInHeader)
	t.Run("a service can touch nothing of another", h.testIntrusions)
}

// Loyalty cannot say that an order is confirmed, nor write into the kitchen's queue or read it by any exchange or
// method of AMQP; and so for every service and every other.
func (h *house) testIntrusions(t *testing.T) {
	h.sweep(t)
	h.mark(t)
	before := bindings(t, h.server)
	tried := 0
	for _, service := range h.topology.Users() {
		conn := h.as(t, service)
		for _, to := range h.forbidden(service) {
			tried++
			if err := publish(t, conn, to[0], to[1], amqp091.Publishing{Body: []byte("from " + service)}); !refused(err) {
				t.Errorf("%s publishes to %s:%s: %v, want it refused", service, to[0], to[1], err)
			}
		}
		for _, a := range h.intrusions(service) {
			tried++
			ch, err := conn.Channel()
			if err != nil {
				t.Fatal(err)
			}
			if err := a.do(ch); !refused(err) {
				t.Errorf("%s may %s: %v, want it refused", service, a.name, err)
			}
			_ = ch.Close()
		}
	}
	t.Logf("%d attempts", tried)
	h.checkUntouched(t)
	if diff := cmp.Diff(before, bindings(t, h.server)); diff != "" {
		t.Errorf("bindings (-before +after):\n%s", diff)
	}
}

func refused(err error) bool {
	reply, ok := errors.AsType[*amqp091.Error](err)
	return ok && reply != nil && reply.Code == amqp091.AccessRefused
}

// wanted is false of a version that nobody takes unless it is configured: it would come back.
func (h *house) wanted(typ event.Type) bool {
	return slices.ContainsFunc(h.topology.Subscriptions, func(s topology.Subscription) bool { return s.Event == typ })
}

// What each service must do, it can: see what stands, publish its events, take those that it subscribed to, and send
// them to its retries, to its dead letters and back.
func (h *house) testOwnWork(t *testing.T) {
	for _, service := range h.topology.Users() {
		conn := h.as(t, service)
		h.checkSees(t, service)
		for _, typ := range event.Catalogue {
			if typ.Domain != service || !h.wanted(typ) {
				continue
			}
			if err := publish(t, conn, typ.Exchange, typ.RoutingKey(), amqp091.Publishing{Body: []byte(service)}); err != nil {
				t.Errorf("%s publishes %s: %v", service, typ, err)
			}
		}
	}
	for _, s := range h.topology.Subscriptions {
		conn := h.as(t, s.Subscriber)
		checkTakes(t, conn, s.Queue(), s.Event.Domain)
		for _, to := range [][2]string{
			{s.RetryExchange(), s.Queue()},
			{s.RetryExchange(), s.RetryQueue(200 * time.Millisecond)}, // from where it comes back
		} {
			if err := publish(t, conn, to[0], to[1], amqp091.Publishing{Body: []byte("again")}); err != nil {
				t.Errorf("%s publishes to %s:%s: %v", s.Subscriber, to[0], to[1], err)
			}
			checkTakes(t, conn, s.Queue(), "again")
		}
		if err := publish(t, conn, s.DeadExchange(), s.Queue(), amqp091.Publishing{Body: []byte("dead")}); err != nil {
			t.Errorf("%s publishes a dead letter: %v", s.Subscriber, err)
		}
		checkTakes(t, conn, s.DeadQueue(), "dead")
	}
}

// checkSees holds that a service becomes ready with the rights that it has, and says what is missing: of its own part
// because it looks, and of what wants its events because RabbitMQ proves it.
func (h *house) checkSees(t *testing.T, service string) {
	t.Helper()
	of := func(keep func(s topology.Subscription) bool) topology.Topology {
		return topology.Topology{Subscriptions: slices.DeleteFunc(slices.Clone(h.topology.Subscriptions),
			func(s topology.Subscription) bool { return !keep(s) })}
	}
	own := of(func(s topology.Subscription) bool { return s.Subscriber == service })
	wanted := of(func(s topology.Subscription) bool { return s.Event.Domain == service })
	if missing, err := broker.Missing(h.as(t, service), own.Owned()); err != nil || len(missing) > 0 {
		t.Errorf("%s: its own part of the topology lacks %v: %v", service, missing, err)
	}
	b := brokertest.At(t, h.url(t, service))
	p := broker.NewPublisher(b.Config(), wanted, own)
	stop := brokertest.Until(t, p.Run)
	brokertest.Ready(t, p)
	stop()
	stranger := topology.Subscription{Subscriber: "stranger", Event: wanted.Subscriptions[0].Event}
	wanted.Subscriptions = append(wanted.Subscriptions, stranger)
	p = broker.NewPublisher(b.Config(), wanted, own)
	stop = brokertest.Until(t, p.Run)
	defer stop()
	brokertest.Eventually(t, service+" says what is missing, and only that", func() bool {
		err := p.Ready()
		return err != nil && strings.HasPrefix(err.Error(), "RabbitMQ has no queue "+stranger.Queue()+":")
	})
}

// checkTakes takes the next message of a queue, as soon as there is one.
func checkTakes(t *testing.T, conn *amqp091.Connection, queue, want string) {
	t.Helper()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ch.Close() }()
	brokertest.Eventually(t, "a message is in "+queue, func() bool {
		d, there, err := ch.Get(queue, true)
		if err != nil {
			t.Fatalf("get from %s: %v", queue, err)
		}
		if there && string(d.Body) != want {
			t.Errorf("%s has %q, want %q", queue, d.Body, want)
		}
		return there
	})
}

// RabbitMQ before 4.0 asks for the topic permission of the routing key only, and routes by those in the headers CC and BCC,
// too (rabbitmq-server pull request 12553). What a publisher cannot do is hide the key: the message says who sent it.
func (h *house) testKeyInHeader(t *testing.T) {
	h.sweep(t)
	conn := h.as(t, "loyalty")
	ch, err := h.as(t, "kitchen").Channel()
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"CC", "BCC"} {
		err := publish(t, conn, event.PublicExchange, event.LoyaltyPointsEarnedV1.RoutingKey(),
			amqp091.Publishing{Headers: amqp091.Table{header: []any{event.OrderConfirmedV2.RoutingKey()}}})
		if refused(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var d amqp091.Delivery
		brokertest.Eventually(t, "the forged message is there", func() (there bool) {
			if d, there, err = ch.Get("kitchen.order-confirmed", true); err != nil {
				t.Fatal(err)
			}
			return there
		})
		if d.Exchange != event.PublicExchange || d.RoutingKey != event.LoyaltyPointsEarnedV1.RoutingKey() {
			t.Errorf("%s: the message came by %s:%s, which does not tell its sender", header, d.Exchange, d.RoutingKey)
		}
	}
}
