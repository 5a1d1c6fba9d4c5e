package broker

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rabbitmq/amqp091-go"
	"pgregory.net/rapid"
)

// ledger is RabbitMQ's side of a channel. It refuses a tag that is not outstanding, as RabbitMQ does by closing the channel.
type ledger struct {
	mu      sync.Mutex
	open    map[uint64]bool
	became  map[uint64]string
	frames  int
	refusal error
}

func (l *ledger) Ack(tag uint64, multiple bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames++
	l.settle(tag, "ack")
	for other := range l.open {
		if multiple && other < tag {
			l.settle(other, "ack")
		}
	}
	return l.refusal
}

func (l *ledger) Nack(tag uint64, _, _ bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(tag, "nack")
	return l.refusal
}

func (l *ledger) Reject(tag uint64, _ bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(tag, "reject")
	return l.refusal
}

func (l *ledger) settle(tag uint64, how string) {
	if !l.open[tag] {
		l.refusal = fmt.Errorf("PRECONDITION_FAILED - unknown delivery tag %d", tag)
	}
	delete(l.open, tag)
	l.became[tag] = how
}

// Whatever handlers do at once, each delivery is settled as its handler wants, and those at work are not settled.
func TestAcksTogetherSettleOnlyWhatIsDone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOfN(rapid.SampledFrom([]string{"ack", "ack", "ack", "nack", "reject", ""}), 1, 32).Draw(t, "wanted")
		l := &ledger{open: map[uint64]bool{}, became: map[uint64]string{}}
		a := &acks{channel: l}
		var working sync.WaitGroup
		for i, how := range wanted {
			d := amqp091.Delivery{DeliveryTag: uint64(i + 1)}
			l.mu.Lock()
			l.open[d.DeliveryTag] = true
			l.mu.Unlock()
			a.took(&d)
			working.Go(func() {
				var err error
				switch how {
				case "ack":
					err = d.Ack(false)
				case "nack":
					err = d.Nack(false, true)
				case "reject":
					err = d.Reject(false)
				}
				if err != nil {
					t.Errorf("%s of %d: %v", how, i+1, err)
				}
			})
		}
		working.Wait()
		for i, how := range wanted {
			if got := l.became[uint64(i+1)]; got != how {
				t.Errorf("delivery %d became %q, want %q", i+1, got, how)
			}
		}
	})
}

func TestAcksAtTheSameTimeAreOneFrame(t *testing.T) {
	t.Parallel()
	l := &ledger{open: map[uint64]bool{1: true, 2: true, 3: true, 4: true}, became: map[uint64]string{}}
	a := &acks{channel: l}
	for tag := range uint64(4) {
		a.took(&amqp091.Delivery{DeliveryTag: tag + 1})
	}
	b := &ackBatch{tags: []uint64{4, 2, 1}, sent: make(chan struct{})}
	a.send(b)
	if b.err != nil || l.frames != 2 || len(l.open) != 1 || !l.open[3] {
		t.Errorf("got %d frames, outstanding %v, %v; want 1 and 2 together, 4 alone, and 3 outstanding", l.frames, l.open, b.err)
	}
}

func TestAnAckThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	l := &ledger{open: map[uint64]bool{}, became: map[uint64]string{}}
	a := &acks{channel: l}
	d := amqp091.Delivery{DeliveryTag: 1}
	a.took(&d)
	l.refusal = amqp091.ErrClosed
	if err := d.Ack(false); err == nil {
		t.Errorf("got %v", err)
	}
}
