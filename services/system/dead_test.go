package system

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// The kitchen cannot read the first message. It is dead-lettered at once, the commands show it, and its redrive is in
// the order's trace. The second message confirms a delivered order again. Its redrive changes nothing.
func TestDeadLettersFromTheCommandLine(t *testing.T) {
	s := systemtest.Up(t)
	const queue = "kitchen.order-confirmed"
	order, err := s.Client().Do(t.Context(), "POST", "/order", nil, orderclient.OneMargherita("dead-letters"))
	if err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, time.Minute, "the order is delivered", func() bool {
		now, err := s.Client().Do(t.Context(), "GET", "/order/"+order.OrderID, nil, nil)
		return err == nil && now.Status == "delivered"
	})
	before := s.Tree(t, order.TraceID)
	good, bad := confirmation(t, order.OrderID, "c-1"), confirmation(t, order.OrderID, "")
	ch := s.Channel(t)
	t.Cleanup(func() { // the unreadable message is also dead in delivery
		for _, dead := range []string{queue + ".dead", "delivery.order-confirmed.dead"} {
			_, _ = ch.QueuePurge(dead, false)
		}
	})
	traceparent := fmt.Sprintf("00-%s-%s-01", order.TraceID, firstSpan(before).SpanID)
	for _, put := range []struct {
		exchange, key string
		body          []byte
	}{{"events", "order.order-confirmed.v2", bad}, {"kitchen.dead", queue, good}} {
		if err := ch.PublishWithContext(t.Context(), put.exchange, put.key, true, false, amqp091.Publishing{
			Body: put.body, CorrelationId: order.OrderID, Headers: amqp091.Table{"traceparent": traceparent},
		}); err != nil {
			t.Fatal(err)
		}
	}
	var letters []deadLetter
	systemtest.Eventually(t, time.Minute, "there are two dead letters", func() bool {
		letters = lettersOf(t, s, queue)
		return len(letters) == 2
	})
	i := slices.IndexFunc(letters, func(l deadLetter) bool { return l.Reason == broker.ReasonUnreadable })
	if i < 0 || letters[i].Service != "kitchen" || letters[i].TraceID != order.TraceID || letters[i].Attempts != 1 ||
		!strings.Contains(letters[i].Error, "items") || letters[i].ConversationID != order.OrderID {
		t.Errorf("got %+v", letters)
	}
	text, err := s.Traceria("dead", "list")
	if err != nil || !strings.Contains(text, queue+" ") || !strings.Contains(text, "2") {
		t.Errorf("dead list: %v\n%s", err, text)
	}
	if text, err := s.Traceria("dead", "show", queue); err != nil || !strings.Contains(text, "unreadable") || !strings.Contains(text, order.TraceID) {
		t.Errorf("dead show: %v\n%s", err, text)
	}
	out, err := s.Traceria("dead", "redrive", queue, "--json")
	var redriven []broker.Redriven
	if err != nil || json.Unmarshal([]byte(out), &redriven) != nil || len(redriven) != 2 {
		t.Fatalf("dead redrive: %v\n%s", err, out)
	}
	systemtest.Eventually(t, time.Minute, "the unreadable message is dead again, the other is handled", func() bool {
		letters = lettersOf(t, s, queue)
		return len(letters) == 1 && letters[0].Attempts == 2
	})
	var now struct{ Timeline []struct{ Event string } }
	s.Get(t, "order", "/order/"+order.OrderID, &now)
	if n := len(slices.DeleteFunc(now.Timeline, func(e struct{ Event string }) bool { return e.Event != "OrderDelivered" })); n != 1 {
		t.Errorf("the order was delivered %d times", n)
	}
	checkRedriveInJaeger(t, s, order.TraceID)
}

// checkRedriveInJaeger waits for both redrives: each is a send of the command in the order's trace, and the kitchen's
// next attempt is its child.
func checkRedriveInJaeger(t *testing.T, s *systemtest.System, traceID string) {
	t.Helper()
	systemtest.Eventually(t, time.Minute, "both redrives and the attempts after them are in Jaeger", func() bool {
		spans, err := s.Jaeger.Trace(t.Context(), traceID)
		if err != nil {
			return false
		}
		found := 0
		for _, redrive := range spans {
			if redrive.Name != "send kitchen.retry:kitchen.order-confirmed" || redrive.Service != "traceria" || len(redrive.Links) == 0 {
				continue
			}
			if slices.ContainsFunc(spans, func(span tracetree.Span) bool {
				return span.ParentID == redrive.SpanID && span.Service == "kitchen" && span.Kind == "consumer"
			}) {
				found++
			}
		}
		return found == 2
	})
}

func firstSpan(tree *tracetree.Tree) tracetree.Span { return tree.Roots[0].Span }

// confirmation returns an OrderConfirmed v2. Without a customer it also lacks its items and is unreadable.
func confirmation(t *testing.T, orderID, customer string) []byte {
	t.Helper()
	value := event.Money{Value: event.Pence(663), Currency: "GBP"}
	fact := event.OrderConfirmedMoney{OrderConfirmed: event.OrderConfirmed{
		OrderID: orderID, OrderNumber: "ORD1", CustomerID: customer, DeliveryAddress: &event.Address{AddressLine1: "1 Street"},
		Items: []event.Item{{ItemName: "Margherita", Quantity: "1"}},
	}, OrderValue: &value}
	envelopes, err := event.New(t.Context(), "test", orderID, fact)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(envelopes[0])
	if err != nil {
		t.Fatal(err)
	}
	if customer == "" {
		body = []byte(strings.Replace(string(body), `"items":[{`, `"stuff":[{`, 1))
	}
	return body
}

type deadLetter struct {
	broker.Letter
	Body json.RawMessage `json:"body"`
}

func lettersOf(t *testing.T, s *systemtest.System, queue string) []deadLetter {
	t.Helper()
	out, err := s.Traceria("dead", "show", queue, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var letters []deadLetter
	if err := json.Unmarshal([]byte(out), &letters); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return letters
}

// noDeadLetters asserts that no subscription at the address has dead letters.
func noDeadLetters(t *testing.T, amqp string) {
	t.Helper()
	conn, err := wire.Dial(t.Context(), amqp, "the test")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	counts, err := broker.CountDead(conn, pizzeria.Known())
	if err != nil {
		t.Fatal(err)
	}
	for _, count := range counts {
		if count.Messages != 0 {
			t.Errorf("%s has %d dead letters", count.Queue, count.Messages)
		}
	}
}

// A body that is not text is shown in base64 with its encoding.
func TestBinaryBodyIsShownInBase64(t *testing.T) {
	s := systemtest.Up(t)
	const queue = "loyalty.order-cancelled"
	ch := s.Channel(t)
	t.Cleanup(func() { _, _ = ch.QueuePurge(queue+".dead", false) })
	if err := ch.PublishWithContext(t.Context(), "loyalty.dead", queue, true, false, amqp091.Publishing{Body: []byte{0xff, 0, '"'}}); err != nil {
		t.Fatal(err)
	}
	systemtest.Eventually(t, time.Minute, "dead show has the letter", func() bool {
		text, err := s.Traceria("dead", "show", queue, "--json")
		var letters []struct {
			Body         any
			BodyEncoding string
		}
		return err == nil && json.Unmarshal([]byte(text), &letters) == nil && len(letters) == 1 &&
			letters[0].Body == "/wAi" && letters[0].BodyEncoding == "base64"
	})
}

// The command distinguishes the text abc from the JSON "abc", marks a cut body, names an unknown time, and reports the
// letters that a redrive leaves.
func TestBodiesOfEveryKindAreShown(t *testing.T) {
	s := systemtest.Up(t)
	const queue = "loyalty.order-cancelled"
	ch := s.Channel(t)
	t.Cleanup(func() { _, _ = ch.QueuePurge(queue+".dead", false) })
	for _, body := range []string{"abc", `"abc"`, strings.Repeat("x", 5000)} {
		if err := ch.PublishWithContext(t.Context(), "loyalty.dead", queue, true, false, amqp091.Publishing{Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	type letter struct {
		Body         string
		BodyEncoding string
	}
	var letters []letter
	systemtest.Eventually(t, time.Minute, "there are three dead letters", func() bool {
		text, err := s.Traceria("dead", "show", queue, "--json")
		return err == nil && json.Unmarshal([]byte(text), &letters) == nil && len(letters) == 3
	})
	if letters[0] != (letter{"abc", "text"}) || letters[1] != (letter{"abc", ""}) || letters[2] != (letter{strings.Repeat("x", 5000), "text"}) {
		t.Errorf("got %.100v", letters)
	}
	text, err := s.Traceria("dead", "show", queue)
	if err != nil || !strings.Contains(text, "xxx…\n  (cut: --json prints all of it)") || !strings.Contains(text, "first sent  at an unknown time to loyalty.dead:"+queue) {
		t.Errorf("%v, %s", err, text)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "dead", "redrive", queue, "--limit", "1", "--json")
	cmd.Env, cmd.Stderr = append(s.Env, systemtest.AsBinary+"=1"), &said
	if err := cmd.Run(); err != nil || !strings.Contains(said.String(), queue+" has ") {
		t.Errorf("%v, %q", err, said.String())
	}
	systemtest.Eventually(t, time.Minute, "the redriven letter is dead again", func() bool { return len(lettersOf(t, s, queue)) == 3 })
}

func TestDeadRefusesWrongArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"dead", "show"},
		{"dead", "show", "bakery.order-boxed"},
		{"dead", "redrive", "kitchen.order-confirmed", "--limit", "0"},
		{"dead", "redrive", "kitchen.order-confirmed", "--message", ""},
		{"dead", "redrive", "kitchen.order-confirmed", "--message", "m", "--limit", "5"},
		{"dead", "list", "kitchen.order-confirmed"},
		{"dead", "bury"},
	} {
		if _, err := new(systemtest.System).Traceria(args...); systemtest.ExitCode(err) != 2 {
			t.Errorf("%v: %v", args, err)
		}
	}
	_, err := new(systemtest.System).Traceria("dead", "show", "bakery.order-boxed")
	if err == nil || !strings.Contains(err.Error(), "kitchen.order-confirmed") {
		t.Errorf("want the subscriptions in: %v", err)
	}
	if _, err := new(systemtest.System).TraceriaWith([]string{"AMQP_URL=amqp://guest:guest@127.0.0.1:1/"}, "dead", "list"); systemtest.ExitCode(err) != 1 {
		t.Errorf("without a broker: %v", err)
	}
}
