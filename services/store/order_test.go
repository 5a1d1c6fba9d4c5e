package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

// say publishes a fact of a conversation. Its number is in the event.
func (b *bundle) say(t *testing.T, conversation string, fact int) {
	t.Helper()
	ctx := telemetry.WithConversation(t.Context(), conversation)
	if err := b.Do(ctx, func(tx *store.Tx) error {
		return tx.Publish(ctx, event.OrderBoxed{OrderID: fmt.Sprint(fact)})
	}); err != nil {
		t.Fatal(err)
	}
}

// script is a Publisher with given answers. It records the messages.
type script struct {
	mu     sync.Mutex
	answer func(fact string) error // fact is conversation/number
	tried  []string
	sent   []string
}

func (s *script) Publish(_ context.Context, batch []event.Outgoing) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	results := make([]error, len(batch))
	for i, outgoing := range batch {
		fact, err := event.Data[event.OrderBoxed](outgoing.Envelope)
		name := outgoing.Envelope.Metadata.ConversationID + "/" + fact.OrderID
		s.tried = append(s.tried, name)
		if results[i] = err; err == nil && s.answer != nil {
			results[i] = s.answer(name)
		}
		if results[i] == nil {
			s.sent = append(s.sent, name)
		}
	}
	return results
}

func (s *script) told(answer func(string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *script) went() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

func (s *script) times(fact string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.tried {
		if one == fact {
			n++
		}
	}
	return n
}

var (
	errNack = errors.New("nack")
	errLost = fmt.Errorf("%w: 312", event.ErrUnroutable)
)

func failing(fact string, err error) func(string) error {
	return func(name string) error {
		if name == fact {
			return err
		}
		return nil
	}
}

func TestARefusedFactHoldsBackItsOwnSuccessorsOnly(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, s := open(t, url), &script{answer: failing("a/1", errNack)}
		for fact := 1; fact <= 3; fact++ {
			b.say(t, "a", fact)
			b.say(t, "b", fact)
		}
		b.relay(t, s)
		eventually(t, "the first of a is tried again", func() bool { return s.times("a/1") >= 2 })
		if diff := cmp.Diff([]string{"b/1", "b/2", "b/3"}, s.went()); diff != "" {
			t.Errorf("while a/1 is refused (-want +sent)\n%s", diff)
		}
		if n := s.times("a/2"); n != 0 {
			t.Errorf("a/2 was tried %d times before the broker had a/1", n)
		}
		if got, err := b.Unsent(t.Context()); err != nil || got != (store.Unsent{Waiting: 2, Refused: 1}) {
			t.Errorf("unsent %+v, %v; want two waiting and one refused", got, err)
		}
		s.told(nil)
		eventually(t, "all has gone", func() bool { return len(s.went()) == 6 })
		if diff := cmp.Diff([]string{"a/1", "a/2", "a/3"}, s.went()[3:]); diff != "" {
			t.Errorf("after that (-want +sent)\n%s", diff)
		}
	})
}

func TestAnUnroutableFactIsPutAsideAndHoldsNobodyUp(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, s := open(t, url), &script{answer: failing("a/1", errLost)}
		for fact := 1; fact <= 3; fact++ {
			b.say(t, "a", fact)
		}
		b.relay(t, s)
		eventually(t, "its successors went", func() bool { return slices.Equal(s.went(), []string{"a/2", "a/3"}) })
		eventually(t, "it is counted", func() bool {
			got, err := b.Unsent(t.Context())
			return err == nil && got == store.Unsent{Unroutable: 1}
		})
		eventually(t, "it is tried again", func() bool { return s.times("a/1") >= 2 })
		s.told(failing("a/1", errNack)) // its turn is over: it must not hold back later facts
		tries := s.times("a/1")
		eventually(t, "it is refused", func() bool { return s.times("a/1") > tries })
		b.say(t, "a", 4)
		eventually(t, "the next one went", func() bool { return slices.Contains(s.went(), "a/4") })
		s.told(nil)
		eventually(t, "a queue wants it", func() bool { return slices.Contains(s.went(), "a/1") })
		eventually(t, "the outbox is empty", func() bool { got, err := b.Unsent(t.Context()); return err == nil && got.Total() == 0 })
	})
}

func TestARowThatCannotBeReadIsPutAsideWithItsReason(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, s := open(t, url), &script{}
		var whole string
		for fact := 1; fact <= 4; fact++ {
			b.say(t, "a", fact)
		}
		if err := b.QueryRowContext(t.Context(), `SELECT envelope FROM outbox ORDER BY id LIMIT 1`).Scan(&whole); err != nil {
			t.Fatal(err)
		}
		for i, broken := range []string{`{"half`, strings.Replace(whole, `"OrderBoxed"`, `"OrderEaten"`, 1)} {
			exec(t, b, `UPDATE outbox SET envelope = $1 WHERE id = (SELECT MIN(id) FROM outbox) + $2`, broken, i)
		}
		exec(t, b, `UPDATE outbox SET context = 'rubbish' WHERE id = (SELECT MIN(id) FROM outbox) + 2`)
		b.relay(t, s)
		eventually(t, "what can be read went", func() bool { return slices.Equal(s.went(), []string{"a/4"}) })
		eventually(t, "the others are counted", func() bool {
			got, err := b.Unsent(t.Context())
			return err == nil && got == store.Unsent{Unreadable: 3}
		})
		var without int
		if err := b.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM outbox WHERE last_error = ''`).Scan(&without); err != nil || without != 0 {
			t.Errorf("%d have no reason, %v", without, err)
		}
		exec(t, b, `UPDATE outbox SET envelope = $1 WHERE id = (SELECT MIN(id) FROM outbox)`, whole) // repaired from outside
		eventually(t, "the mended one went", func() bool { return slices.Contains(s.went(), "a/1") })
	})
}

// All facts of a conversation arrive in their order, whatever the broker does.
func TestAllArriveInOrderThroughAnUnreliableBroker(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
		s := &script{answer: func(string) error {
			switch chance.IntN(8) {
			case 0:
				return errNack
			case 1, 2:
				return event.ErrBrokerAway
			default:
				return nil
			}
		}}
		b.relay(t, s)
		const conversations, facts = 20, 5
		for fact := range facts {
			for c := range conversations {
				b.say(t, fmt.Sprint("c", c), fact)
			}
		}
		eventually(t, "all went", func() bool { return len(s.went()) >= conversations*facts })
		next := map[string]int{}
		for _, name := range s.went() {
			conversation, fact, _ := strings.Cut(name, "/")
			if want := fmt.Sprint(next[conversation]); fact != want {
				t.Errorf("of %s came %s, want %s", conversation, fact, want)
			}
			next[conversation]++
		}
	})
}

// The two forms of one fact are sent together. The next fact waits for both.
func TestTheFormsOfAFactGoTogether(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		ctx := telemetry.WithConversation(t.Context(), "a")
		if err := b.Do(ctx, func(tx *store.Tx) error {
			if err := tx.Publish(ctx, event.OrderBoxed{OrderID: "1"}, event.OrderBoxed{OrderID: "2"}); err != nil {
				return err
			}
			return tx.Publish(ctx, event.OrderBoxed{OrderID: "3"})
		}); err != nil {
			t.Fatal(err)
		}
		batches := make(chan []string, 8)
		b.relay(t, batchFunc(func(batch []event.Outgoing) []error {
			var names []string
			for _, o := range batch {
				names = append(names, orderOf(t, o))
			}
			batches <- names
			return make([]error, len(batch))
		}))
		got := [][]string{receive(t, batches), receive(t, batches)}
		if diff := cmp.Diff([][]string{{"1", "2"}, {"3"}}, got); diff != "" {
			t.Errorf("(-want +batches)\n%s", diff)
		}
	})
}

type batchFunc func([]event.Outgoing) []error

func (f batchFunc) Publish(_ context.Context, batch []event.Outgoing) []error { return f(batch) }

func TestALongErrorIsCut(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		b.relay(t, &script{answer: func(string) error { return errors.New(strings.Repeat("ü\x00\xff", 10_000)) }})
		b.say(t, "a", 1)
		var why string
		eventually(t, "the refusal is written down", func() bool {
			return b.QueryRowContext(t.Context(), `SELECT last_error FROM outbox WHERE attempts > 0`).Scan(&why) == nil
		})
		if len(why) > 500 || !strings.HasPrefix(why, "üü") {
			t.Errorf("%d bytes are kept: %.20q", len(why), why)
		}
	})
}

func TestTheRelayReturnsSoonWhenThePublisherHangs(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		hangs, release := make(chan struct{}), make(chan struct{})
		defer close(release)
		ctx, cancel := context.WithCancel(context.Background())
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			b.Relay(ctx, batchFunc(func(batch []event.Outgoing) []error {
				close(hangs)
				<-release
				return make([]error, len(batch))
			}), b.tel.Log)
		}()
		b.say(t, "a", 1)
		receive(t, hangs)
		cancel()
		began := time.Now()
		receive(t, returned)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it returned after %s", took)
		}
		if got, err := b.Unsent(t.Context()); err != nil || got != (store.Unsent{Waiting: 1}) {
			t.Errorf("unsent %+v, %v; want the row as it was", got, err)
		}
	})
}
