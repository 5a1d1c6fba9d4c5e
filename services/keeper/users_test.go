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

// house is a broker with the whole topology and the users of the services.
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

// url is the AMQP URL of the user.
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

// queues are the queues of the topology that take messages.
func (h *house) queues() []string {
	var names []string
	for _, q := range h.topology.Definitions().Queues {
		if q.Name != "traceria.full" {
			names = append(names, q.Name)
		}
	}
	return names
}

// marker is a message in every queue: it shows both a read and a write.
const marker = "here from the start"

func (h *house) mark(t *testing.T) {
	t.Helper()
	conn := h.as(t, "guest")
	for _, queue := range h.queues() {
		if strings.Contains(queue, ".retry.") {
			continue // a message moves on from there
		}
		brokertest.Eventually(t, queue+" takes messages", func() bool { // a new quorum queue has no leader for a moment
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

// checkUntouched checks that every queue has its marker and nothing else.
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
				t.Errorf("the message of %s was delivered to a client", queue)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("messages in %s (-want +got):\n%s", queue, diff)
		}
	}
}

// publish publishes one mandatory message on a channel of its own, and returns nil when a queue has it.
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
		case reason := <-closed: // a closed channel resolves its confirms as nacks
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

// attempt is an operation that a user tries on a channel of its own.
type attempt struct {
	name string
	do   func(ch *amqp091.Channel) error
}

// intrusions are operations that the service must not be able to do: on the queues of others, and all that change the
// topology, its own part included.
func (h *house) intrusions(service string) []attempt {
	var all []attempt
	try := func(name string, do func(ch *amqp091.Channel) error) { all = append(all, attempt{name, do}) }
	for _, queue := range h.queues() {
		owner, _, _ := strings.Cut(queue, ".")
		if mayRead := service == topology.Console && strings.HasSuffix(queue, ".dead"); owner != service && !mayRead {
			try("get from "+queue, func(ch *amqp091.Channel) error { _, _, err := ch.Get(queue, true); return err })
			try("consume "+queue, func(ch *amqp091.Channel) error {
				_, err := ch.Consume(queue, "", true, false, false, false, nil)
				return err
			})
			// The right to read a queue includes purging it.
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

// shortcuts avoid the topic permissions: RabbitMQ does not check the routing key when a queue or an exchange passes a message
// on.
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

// forbidden are pairs of exchange and routing key that the service must not publish to.
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
			mayWrite := service == topology.Console && strings.HasSuffix(b.Source, ".retry")
			if !strings.HasPrefix(b.Source, service+".") && !mayWrite {
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
	// These keys resemble allowed ones.
	return append(all, [2]string{event.PublicExchange, service}, [2]string{event.PublicExchange, service + "x.order-confirmed.v1"},
		[2]string{event.PublicExchange, ""}, [2]string{event.PublicExchange, "x." + service + ".order-confirmed.v1"})
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	t.Run("a service can do its own work", h.testOwnWork)
	t.Run("the console can do its own work", h.testConsole)
	t.Run("a key in a header is refused or seen", h.testKeyInHeader)
	t.Run("a user can touch nothing of another", h.testIntrusions)
}

// No service can publish an event of another, write into or read a queue of another, or change the topology, through any
// exchange or method of AMQP.
func (h *house) testIntrusions(t *testing.T) {
	h.sweep(t)
	h.mark(t)
	before := bindings(t, h.server)
	tried := 0
	for _, service := range append(h.topology.Users(), topology.Console) {
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

// wanted is false for a version that no queue is bound to by default: it would be unroutable.
func (h *house) wanted(typ event.Type) bool {
	return slices.ContainsFunc(h.topology.Subscriptions, func(s topology.Subscription) bool { return s.Event == typ })
}

// Each service can do its work: become ready, publish its events, receive those that it subscribes to, and send them to its
// retries, to its dead letters and back.
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
			{s.RetryExchange(), s.RetryQueue(200 * time.Millisecond)}, // it returns from there
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

// checkSees checks that a service becomes ready with its rights, and that it names a missing queue of another service.
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

// checkTakes waits for the next message of a queue and compares it.
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

// RabbitMQ before 4.0 checks the topic permission of the routing key only, and also routes by the headers CC and BCC
// (rabbitmq-server pull request 12553). The copy has the first routing key, which tells its sender.
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
