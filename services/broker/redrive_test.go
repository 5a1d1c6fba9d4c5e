package broker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
)

// buried makes a subscription without a consumer, with this many dead letters: m-0, m-1, and so on.
func buried(t *testing.T, b *brokertest.Bundle, many int) broker.Subscription {
	t.Helper()
	s := brokertest.Boxed(nil)
	b.Apply(t, s)
	ch := b.Channel(t) // messages of one channel keep their sequence
	for i := range many {
		bury(t, ch, s, fmt.Sprint("m-", i))
	}
	brokertest.Eventually(t, "all letters are there", func() bool { return b.Count(t, s.DeadQueue()) == many })
	return s
}

func bury(t *testing.T, ch *amqp091.Channel, s broker.Subscription, messageID string) {
	t.Helper()
	letter := amqp091.Publishing{MessageId: messageID, Body: []byte(`{}`), DeliveryMode: amqp091.Persistent}
	if err := ch.PublishWithContext(t.Context(), s.DeadExchange(), s.Queue(), true, false, letter); err != nil {
		t.Fatal(err)
	}
}

// lying are the message ids in the dead queue, the oldest first.
func lying(t *testing.T, b *brokertest.Bundle, s broker.Subscription) (ids []string) {
	t.Helper()
	letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range letters {
		ids = append(ids, letter.MessageID)
	}
	return ids
}

func numbered(from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprint("m-", i))
	}
	return ids
}

// One letter of many is chosen. The others stay, in their sequence, however often that is repeated.
func TestOneLetterIsRedrivenAndTheOthersStay(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	const many = 60
	s := buried(t, b, many)
	conn := b.Conn(t)
	want := numbered(0, many)
	for n, i := range []int{30, 0, many - 1} {
		chosen := fmt.Sprint("m-", i)
		var redriven []string
		left, err := broker.Redrive(t.Context(), conn, b.Config(), s.Subscription, broker.Selection{Most: 1000, MessageID: chosen},
			func(one broker.Redriven) { redriven = append(redriven, one.MessageID) })
		if err != nil || left != many-n-1 {
			t.Errorf("%s: %d left, %v", chosen, left, err)
		}
		if diff := cmp.Diff([]string{chosen}, redriven); diff != "" {
			t.Errorf("%s: redriven (-want +got)\n%s", chosen, diff)
		}
		if got := b.Take(t, s.Queue()); got.MessageId != chosen {
			t.Errorf("the subscription has %s, want %s", got.MessageId, chosen)
		}
		want = slices.DeleteFunc(want, func(id string) bool { return id == chosen })
		if diff := cmp.Diff(want, lying(t, b, s)); diff != "" {
			t.Fatalf("%s: the dead queue (-want +got)\n%s", chosen, diff)
		}
	}
	if n := b.Count(t, s.Queue()); n != 0 {
		t.Errorf("%d more messages are in the subscription's queue", n)
	}
}

// A letter that is not there, or behind the limit, is not found, and nothing changes.
func TestALetterThatIsNotThereChangesNothing(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := buried(t, b, 5)
	for _, which := range []broker.Selection{{Most: 100, MessageID: "m-9"}, {Most: 3, MessageID: "m-3"}} {
		left, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, which, func(one broker.Redriven) { t.Errorf("redriven %+v", one) })
		if err != nil || left != 5 {
			t.Errorf("%+v: %d left, %v", which, left, err)
		}
	}
	got := lying(t, b, s) // a limit below the number of letters may change their sequence
	slices.Sort(got)
	if diff := cmp.Diff(numbered(0, 5), got); diff != "" {
		t.Errorf("the dead queue (-want +got)\n%s", diff)
	}
}

// A message that died twice has two letters with one id. Both return.
func TestLettersOfOneMessageAreRedrivenTogether(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := buried(t, b, 3)
	bury(t, b.Channel(t), s, "m-1")
	brokertest.Eventually(t, "the second is there", func() bool { return b.Count(t, s.DeadQueue()) == 4 })
	n := 0
	left, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 100, MessageID: "m-1"}, func(broker.Redriven) { n++ })
	if err != nil || n != 2 || left != 2 {
		t.Errorf("%d redriven, %d left, %v", n, left, err)
	}
	if diff := cmp.Diff([]string{"m-0", "m-2"}, lying(t, b, s)); diff != "" {
		t.Errorf("the dead queue (-want +got)\n%s", diff)
	}
}

// Some letters are looked at, over and over, beside others that are not. They are always the oldest.
func TestALookAtSomeLettersKeepsTheirSequence(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := buried(t, b, 50)
	for range 4 {
		letters, err := broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 20)
		if err != nil || len(letters) != 20 || letters[0].MessageID != "m-0" || letters[19].MessageID != "m-19" {
			t.Fatalf("%d letters, %v: %+v", len(letters), err, letters)
		}
	}
	if diff := cmp.Diff(numbered(0, 50), lying(t, b, s)); diff != "" {
		t.Errorf("the dead queue (-want +got)\n%s", diff)
	}
}

// The redrive is cancelled after it has taken letters that were not chosen. All letters are there afterwards, or in the
// subscription's queue.
func TestAnInterruptedChoiceLosesNothing(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	const many = 200
	s := buried(t, b, many)
	bury(t, b.Channel(t), s, "m-0")
	brokertest.Eventually(t, "all letters are there", func() bool { return b.Count(t, s.DeadQueue()) == many+1 })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := broker.Redrive(ctx, b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 1000, MessageID: "m-0"}, func(broker.Redriven) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	brokertest.Eventually(t, "the others are dead again", func() bool { return b.Count(t, s.DeadQueue()) == many })
	if got := b.Take(t, s.Queue()); got.MessageId != "m-0" {
		t.Errorf("the subscription has %s", got.MessageId)
	}
	if ids := strings.Join(lying(t, b, s), " "); strings.Count(ids, "m-") != many {
		t.Errorf("the dead queue has %s", ids)
	}
}
