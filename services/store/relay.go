package store

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/metric"

	"traceria/services/event"
)

const (
	// relayPoll is for what no commit announces: rows of an earlier run, and rows whose time has come. It is also how
	// often a process that does not relay asks whether it may.
	relayPoll = time.Second
	// relaySoon is how long the relay waits before it offers what an absent broker gave no answer to. The publisher
	// waits for the broker; this only keeps the two from spinning.
	relaySoon = 100 * time.Millisecond
	// relayGrace is how long, once it is told to stop, the relay waits for the answers to what it has sent.
	relayGrace = time.Second
)

// Publisher sends events and returns, for each of them, nil when the broker has stored and routed it. It waits
// for a broker that is away until ctx ends; an event of which nothing is known fails with event.ErrBrokerAway, one that
// no queue wants with event.ErrUnroutable.
type Publisher interface {
	Publish(ctx context.Context, batch []event.Outgoing) []error
}

// Relay sends what is in the outbox until ctx ends: at once after a commit, and in the order of the facts within a
// conversation, of which a later one is sent when the broker has the one before. A message leaves the outbox when the
// broker has confirmed it, so that each is sent at least once.
//
// A fact that the broker refuses (a nack, no confirm in time) holds back what follows in its conversation. One that no
// queue wants, and a row that cannot be read, are put aside: they are kept, tried again ever more slowly, and hold
// nobody up.
//
// Of several processes with one database, one relays at a time; another takes over within about a second of its death.
// The one that does also sends again what [DB.Resend] was asked for, and removes what inbox and outbox need no longer
// remember.
//
// It returns at most about a second after ctx ends, also when publisher hangs. What is confirmed later is sent again.
func (db *DB) Relay(ctx context.Context, publisher Publisher, log zerolog.Logger) {
	late, cancel := outlive(ctx, relayGrace)
	defer cancel()
	r := &relay{db: db, publisher: publisher, log: log, late: late, trouble: seldom{log: log}, resent: db.countResent()}
	for ctx.Err() == nil {
		if err := r.turn(ctx); err != nil && ctx.Err() == nil {
			r.trouble.warn(err, "this process cannot relay its outbox; trying again")
		}
		pause(ctx, relayPoll)
	}
}

type relay struct {
	db        *DB
	publisher Publisher
	log       zerolog.Logger
	late      context.Context //nolint:containedctx // ends a second after the one that Relay was given
	trouble   seldom
	resent    metric.Int64Counter
	// unsettled are outcomes that the database has not taken yet. Without them the same messages would be sent again,
	// over and over while its disk is full.
	unsettled []outcome
	prune     time.Time // when the inbox is looked through next
	pruneKept time.Time // when what was sent is looked through next
	aside     time.Time // when those that were put aside, and the wishes to have some again, are looked at next
	resending bool      // a wish is open, or what it asked for is not all sent
}

// turn waits for the lock, and then relays until ctx ends or the lock is lost.
func (r *relay) turn(ctx context.Context) error {
	lock, err := r.db.backend.relayLock(ctx)
	if err != nil {
		return err
	}
	defer lock.release()
	for {
		held, err := lock.try(ctx)
		if err != nil {
			return err
		}
		if held {
			break
		}
		if !pause(ctx, relayPoll) {
			return nil
		}
	}
	r.trouble.over()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lost := lock.watch(r.db.wakeRelay)
	r.db.relaying.Store(true)
	defer r.db.relaying.Store(false)
	stop, err := r.db.observeUnsent()
	if err != nil {
		return err
	}
	defer stop()
	r.run(ctx, cancel, lost)
	return nil
}

// run relays wave after wave. When the lock is lost it ends ctx, so that the publisher gives up waiting.
func (r *relay) run(ctx context.Context, cancel context.CancelFunc, lost <-chan struct{}) {
	ended := make(chan struct{})
	defer func() { cancel(); <-ended }()
	go func() {
		defer close(ended)
		select {
		case <-lost:
			cancel()
		case <-ctx.Done():
		}
	}()
	for ctx.Err() == nil {
		next, err := r.wave(ctx)
		if err != nil && ctx.Err() == nil {
			r.trouble.warn(err, "the outbox cannot be read or written; trying again")
		} else if err == nil {
			r.trouble.over()
		}
		if next == 0 {
			continue
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-r.wake(err):
		case <-timer.C:
		}
		timer.Stop()
	}
}

// wake is what ends the wait for the next wave early; a commit does not cure a database that is in trouble.
func (r *relay) wake(err error) <-chan struct{} {
	if err != nil {
		return nil
	}
	return r.db.wake
}

// wave sends what is due and writes down what became of it. It returns when to look again: 0 when there may be more.
func (r *relay) wave(ctx context.Context) (next time.Duration, err error) {
	if err := r.flush(); err != nil {
		return relayPoll, err
	}
	rows, err := r.db.rowsOf(ctx, lineQuery, waveSize)
	if err != nil {
		return relayPoll, err
	}
	if now := time.Now(); now.After(r.aside) {
		r.aside = now.Add(relayPoll)
		aside, err := r.db.rowsOf(ctx, asideQuery, asideSize)
		if err != nil {
			return relayPoll, err
		}
		rows = append(rows, aside...)
		r.resending = true // perhaps
	}
	if r.resending { // after the fresh ones, and few at once
		wanted, err := r.resend(ctx)
		if err != nil {
			return relayPoll, err
		}
		rows = append(rows, wanted...)
	}
	known := r.send(ctx, rows)
	if err := errors.Join(r.flush(), r.pruneInbox(ctx), r.pruneSent(ctx)); err != nil || len(rows) == 0 {
		return relayPoll, err
	}
	if known < len(rows) {
		return relaySoon, nil
	}
	return 0, nil // the successors of what went, or what did not fit in
}

// send publishes the rows that can be read and keeps what is known of all of them. It returns how many those are.
func (r *relay) send(ctx context.Context, rows []outboxRow) (known int) {
	var readable []outboxRow
	var batch []event.Outgoing
	for _, row := range rows {
		if row.trouble != nil {
			r.keep(outcome{row, unreadable, row.trouble})
			known++
			continue
		}
		readable, batch = append(readable, row), append(batch, row.Outgoing)
	}
	if len(batch) == 0 {
		return known
	}
	for i, err := range r.publish(ctx, batch) {
		if o, ok := outcomeOf(readable[i], err); ok {
			r.keep(o)
			known++
		}
	}
	return known
}

func (r *relay) keep(o outcome) {
	o.report(r.log)
	r.unsettled = append(r.unsettled, o)
}

// flush writes the outcomes down, also when the relay has just been told to stop.
func (r *relay) flush() error {
	if len(r.unsettled) == 0 {
		return nil
	}
	if err := r.db.settle(r.late, r.unsettled); err != nil {
		return err
	}
	r.unsettled = nil
	return nil
}

// publish returns nothing when the publisher has not answered soon after the relay was told to stop. The publisher is
// then left behind. While only the lock is lost it is waited for: a batch must not be on its way twice.
func (r *relay) publish(ctx context.Context, batch []event.Outgoing) []error {
	results := make(chan []error, 1)
	go func() { results <- r.publisher.Publish(ctx, batch) }()
	select {
	case answers := <-results:
		return answers
	case <-r.late.Done():
		return nil
	}
}

// outlive returns a context that ends grace after ctx does.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}
