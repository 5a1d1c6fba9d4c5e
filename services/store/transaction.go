package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"traceria/services/event"
	"traceria/services/wait"
)

// Tx is a transaction of a service: its own tables, the outbox and the inbox.
type Tx struct {
	on        session
	source    string
	publish   bool
	seams     Seams
	committed []func()
	// duplicates counts what the inbox had already.
	duplicates *duplicates
	spans      spans
	spanless   bool // the statements make no spans of their own
}

// Seams are the functions that take part in the store's work, for instance to break it on purpose (package inject).
// The zero value has none.
type Seams struct {
	// Publishing is called for each fact that a transaction publishes. If it returns a function, the fact is left out of
	// the outbox, and the function is called after the commit.
	Publishing func(ctx context.Context, fact event.Type) (committed func())
	// Tracing chooses the spans of a transaction or a statement, for what ctx is about. Without it, TraceTransactions holds.
	Tracing func(ctx context.Context) Tracing
}

// TakePart sets the seams. It is called before the database is used.
func (db *DB) TakePart(s Seams) { db.seams = s }

const (
	// conflictRuns is the most runs of a transaction that conflicts with others.
	conflictRuns     = 20
	conflictPauseMax = 100 * time.Millisecond
	// answerTime is the time limit of one run. A frozen database would otherwise hold its callers for as long as TCP keeps
	// the connection.
	answerTime = 15 * time.Second
)

// Do runs fn in a serializable transaction and commits it if fn returns nil, else rolls it back. fn can run several times
// (see "Transactions" in the package's documentation). The error wraps [event.ErrUnavailable] if the database is the cause
// or ctx ended.
func (db *DB) Do(ctx context.Context, fn func(tx *Tx) error) error {
	return db.transact(ctx, db.backend.isolation(), fn)
}

func (db *DB) transact(ctx context.Context, level sql.IsolationLevel, fn func(tx *Tx) error) error {
	tx := &Tx{source: db.source, seams: db.seams, duplicates: db.duplicates}
	tx.spans, tx.spanless = db.startSpans(ctx)
	defer tx.spans.end(errPanic) // without a panic they have ended before
	err := db.repeat(ctx, level, tx, fn)
	tx.spans.end(err)
	if err == nil {
		db.afterCommit(ctx, tx)
	}
	return err
}

// repeat runs the transaction until it conflicts with no other one, at most conflictRuns times.
func (db *DB) repeat(ctx context.Context, level sql.IsolationLevel, tx *Tx, fn func(tx *Tx) error) error {
	limit := time.Millisecond
	for run := 1; ; run++ {
		err := db.run(ctx, level, tx, fn)
		if run == conflictRuns || (!conflict(err) && !lost(err)) {
			return err
		}
		// The pause is random: otherwise the same transactions would conflict again.
		if wait.For(ctx, rand.N(limit)) != nil { //nolint:gosec // a pause, not a secret
			return err
		}
		limit = min(2*limit, conflictPauseMax)
	}
}

// conflict tells whether a transaction failed because of a concurrent one.
func conflict(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && repeatable(failed.Code)
}

// run runs the transaction one time. The transactions of a SQLite file share commits.
func (db *DB) run(ctx context.Context, level sql.IsolationLevel, tx *Tx, fn func(tx *Tx) error) error {
	if db.backend.oneWriter() {
		return db.onceInGroup(ctx, tx, fn)
	}
	return db.once(ctx, level, tx, fn)
}

// once runs the transaction with a commit of its own and leaves in tx the work for afterCommit.
func (db *DB) once(ctx context.Context, level sql.IsolationLevel, tx *Tx, fn func(tx *Tx) error) error {
	ctx, cancel := context.WithTimeout(spanless(ctx), answerTime)
	defer cancel()
	tx.publish, tx.committed = false, nil
	began := time.Now()
	begun, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
	tx.spans.begun(began, err)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", statementError(err))
	}
	// The rollback also follows a panic in fn: an open transaction would hold its connection for ever. After a commit it does
	// nothing. Its own error says less than the one that led here.
	defer func() {
		began := time.Now()
		_ = begun.Rollback()
		tx.spans.rolledBack(began)
	}()
	tx.on = begun
	if err := fn(tx); err != nil {
		return databaseError(err)
	}
	if err := db.backend.intact(); err != nil {
		return err
	}
	began = time.Now()
	if err = begun.Commit(); err != nil {
		err = fmt.Errorf("commit transaction: %w", statementError(err))
	}
	tx.spans.committed(began, nil, err)
	return err
}

// Committed adds a function that is called after the commit, for instance to count something. A transaction that fails or is
// repeated does not call it.
func (tx *Tx) Committed(after func()) { tx.committed = append(tx.committed, after) }

// afterCommit calls the functions that wait for the commit and wakes the relay, which may run in another process.
func (db *DB) afterCommit(ctx context.Context, tx *Tx) {
	for _, after := range tx.committed {
		after()
	}
	if !tx.publish {
		return
	}
	db.wakeRelay()
	if !db.relaying.Load() {
		db.backend.announce(ctx, db.DB)
	}
}

func (db *DB) wakeRelay() {
	select {
	case db.wake <- struct{}{}:
	default: // a wake-up is pending already
	}
}
