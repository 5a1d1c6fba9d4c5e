package broker

import (
	"runtime"
	"slices"
	"sync"

	"github.com/rabbitmq/amqp091-go"
)

// acks settles the deliveries of one channel. Handlers whose transactions shared a commit end at the same time, and acks that come
// at the same time are one frame where that is right: "multiple" acks every delivery up to a tag, so all of them must be done. It
// implements amqp091.Acknowledger.
type acks struct {
	channel amqp091.Acknowledger

	// write is held while frames are written: an ack of several must not overtake the nack of a delivery before them.
	write sync.Mutex

	mu     sync.Mutex
	open   []uint64 // deliveries that are not settled, in their order
	joined *ackBatch
}

// ackBatch is acks that are sent together. err is set before sent is closed.
type ackBatch struct {
	tags []uint64
	sent chan struct{}
	err  error
}

// took notes a delivery. Deliveries come in the order of their tags.
func (a *acks) took(d *amqp091.Delivery) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = append(a.open, d.DeliveryTag)
	d.Acknowledger = a
}

// Ack implements amqp091.Acknowledger. It returns when the ack is written.
func (a *acks) Ack(tag uint64, _ bool) error {
	a.mu.Lock()
	b := a.joined
	first := b == nil
	if first {
		b = &ackBatch{sent: make(chan struct{})}
		a.joined = b
	}
	b.tags = append(b.tags, tag)
	a.mu.Unlock()
	if first {
		runtime.Gosched() // handlers that can run now reach their ack
		a.send(b)
	}
	<-b.sent
	return b.err
}

// send writes the acks of a batch. Those before the first delivery that is at work are one frame.
func (a *acks) send(b *ackBatch) {
	a.write.Lock()
	defer a.write.Unlock()
	defer close(b.sent)
	together, single := a.split(b)
	if len(together) > 0 {
		b.err = a.channel.Ack(together[len(together)-1], len(together) > 1)
	}
	for _, tag := range single {
		if b.err == nil {
			b.err = a.channel.Ack(tag, false)
		}
	}
	a.settled(b.tags...)
}

// split ends the batch: later acks join another one. together has the tags, in order, before the first delivery that is at work.
func (a *acks) split(b *ackBatch) (together, single []uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.joined = nil
	slices.Sort(b.tags)
	at := slices.IndexFunc(a.open, func(tag uint64) bool { return !slices.Contains(b.tags, tag) })
	if at < 0 {
		return b.tags, nil
	}
	end, _ := slices.BinarySearch(b.tags, a.open[at])
	return b.tags[:end], b.tags[end:]
}

// settled forgets deliveries whose frames are written.
func (a *acks) settled(tags ...uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = slices.DeleteFunc(a.open, func(tag uint64) bool { return slices.Contains(tags, tag) })
}

// Nack implements amqp091.Acknowledger.
func (a *acks) Nack(tag uint64, _, requeue bool) error {
	a.write.Lock()
	defer a.write.Unlock()
	defer a.settled(tag)
	return a.channel.Nack(tag, false, requeue)
}

// Reject implements amqp091.Acknowledger.
func (a *acks) Reject(tag uint64, requeue bool) error {
	a.write.Lock()
	defer a.write.Unlock()
	defer a.settled(tag)
	return a.channel.Reject(tag, requeue)
}
