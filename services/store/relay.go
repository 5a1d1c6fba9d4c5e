package store

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/metric"

	"traceria/services/event"
	"traceria/services/wait"
)

const (
	// relayPoll is the fallback polling interval. A commit wakes the relay at once. Rows of an earlier run and due retries
	// do not. It is also the interval at which a process without the lock asks for it.
	relayPoll = time.Second
	// relaySoon is the pause before messages are sent again to which an absent broker gave no answer. The publisher waits
	// for the broker; the pause only prevents a busy loop.
	relaySoon = 100 * time.Millisecond
	// relayGrace is the time after a stop in which the relay still waits for confirms.
	relayGrace = time.Second
)

// Publisher sends events. For each event it returns nil if the broker has stored and routed it, event.ErrUnroutable if no
// queue wants it, event.ErrBrokerAway if the result is unknown, or another error if the broker refused it. It waits for a
// broker that is not reachable until ctx ends.
type Publisher interface {
	Publish(ctx context.Context, batch []event.Outgoing) []error
}

// Relay sends the messages of the outbox until ctx ends (see "The relay" in the package's documentation). It returns at most
// about a second after that, even if publisher hangs. A message whose confirm comes later is sent again.
func (db *DB) Relay(ctx context.Context, publisher Publisher, log zerolog.Logger) {
	late, cancel := wait.Longer(ctx, relayGrace)
	defer cancel()
	r := &relay{db: db, publisher: publisher, log: log, late: late, trouble: seldom{log: log}, resent: db.countResent(ctx)}
	for ctx.Err() == nil {
		if err := r.turn(ctx); err != nil && ctx.Err() == nil {
			r.trouble.warn(err, "outbox not relayed by this process; trying again")
		}
		_ = wait.For(ctx, relayPoll)
	}
}

// Relaying tells whether this process relays the outbox. Of all processes of a service one does, so it is the one that
// measures what they share.
func (db *DB) Relaying() bool { return db.relaying.Load() }

type relay struct {
	db        *DB
	publisher Publisher
	log       zerolog.Logger
	late      context.Context //nolint:containedctx // ends a second after the context of Relay
	trouble   seldom
	resent    metric.Int64Counter
	// unsettled has outcomes that are not in the database yet. Without it the same messages would be sent over and over
	// while the disk is full.
	unsettled []outcome
	prune     time.Time // of the next pruning of the inbox
	pruneKept time.Time // of the next pruning of the sent messages
	aside     time.Time // of the next retry of messages that were put aside
	resending bool      // a request to send again is open
}

// turn waits for the lock. Then it relays until ctx ends or the lock is lost.
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
		if wait.For(ctx, relayPoll) != nil {
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

// run relays wave after wave. If the lock is lost it ends ctx, so that the publisher stops waiting for the broker.
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
			r.trouble.warn(err, "outbox not read or written; trying again")
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

// wake returns the channel that ends the pause before the next wave early. After an error there is none: a commit does not
// repair the database.
func (r *relay) wake(err error) <-chan struct{} {
	if err != nil {
		return nil
	}
	return r.db.wake
}

// wave sends the messages that are due and stores the outcomes. It returns the pause before the next wave: 0 if more may be
// due.
func (r *relay) wave(ctx context.Context) (next time.Duration, err error) {
	if err := r.flush(); err != nil {
		return r.db.poll, err
	}
	rows, err := r.db.rowsOf(ctx, lineQuery, waveSize)
	if err != nil {
		return r.db.poll, err
	}
	if now := time.Now(); now.After(r.aside) {
		r.aside = now.Add(r.db.poll)
		aside, err := r.db.rowsOf(ctx, asideQuery, asideSize)
		if err != nil {
			return r.db.poll, err
		}
		rows = append(rows, aside...)
		r.resending = true // resend finds out
	}
	if r.resending { // behind the fresh messages, and few at once
		wanted, err := r.resend(ctx)
		if err != nil {
			return r.db.poll, err
		}
		rows = append(rows, wanted...)
	}
	known := r.send(ctx, rows)
	if err := errors.Join(r.flush(), r.pruneInbox(ctx), r.pruneSent(ctx)); err != nil || len(rows) == 0 {
		return r.db.poll, err
	}
	if known < len(rows) {
		return relaySoon, nil
	}
	return 0, nil // the next messages of these conversations, or those beyond the limit, may be due
}

// send publishes the readable rows and keeps the outcomes of all rows. It returns the number of rows with an outcome.
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

// flush stores the outcomes, also within relayGrace after the stop.
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

// publish returns nil if the publisher has no answer relayGrace after the stop; the publisher then goes on alone. If only
// the lock is lost, publish waits: a batch must not be on its way twice.
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
