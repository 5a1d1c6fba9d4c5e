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
)

// Tx is a transaction of a service: its own tables, the outbox and the inbox.
type Tx struct {
	*sql.Tx
	source    string
	publish   bool
	seams     Seams
	committed []func()
}

// Seams are the places where somebody may take part in what the store does, for instance to break it on purpose
// (package inject). The zero value takes part in nothing.
type Seams struct {
	// Publishing is asked for each fact that is to be published, in its transaction. When it returns a function, the fact
	// does not go into the outbox, and the function is called after the commit.
	Publishing func(ctx context.Context, fact event.Type) (committed func())
}

// TakePart sets the seams. It is called before the database is used.
func (db *DB) TakePart(s Seams) { db.seams = s }

const (
	// conflictRuns is how often a transaction is run that always meets another one.
	conflictRuns     = 20
	conflictPauseMax = 100 * time.Millisecond
	// answerTime is how long the database may take to answer. One that is frozen would otherwise hold up its callers for
	// as long as TCP keeps the connection.
	answerTime = 15 * time.Second
)

// Do runs fn in a transaction and commits when fn returns nil; otherwise nothing of it remains. The relay is
// woken at once when fn published something. Transactions are serializable: what they leave behind is what they would
// leave one after the other.
//
// fn may be run more than once: PostgreSQL rolls a transaction back that met another one (SQLSTATE 40001, 40P01), and
// Do runs it again, up to 20 times with growing random pauses. A run takes at most 15 s. So fn passes errors on, wrapped at most, and changes
// nothing but the database and variables that each run sets anew.
//
// The error wraps [event.ErrUnavailable] when the database is at fault (away, locked, full, damaged, still in
// conflict) or ctx ended, which says nothing about what fn wanted. If that happens during the commit, the transaction
// may stand all the same.
func (db *DB) Do(ctx context.Context, fn func(tx *Tx) error) error {
	return db.transact(ctx, db.backend.isolation(), fn)
}

func (db *DB) transact(ctx context.Context, level sql.IsolationLevel, fn func(tx *Tx) error) error {
	limit := time.Millisecond
	for run := 1; ; run++ {
		err := db.once(ctx, level, fn)
		if run == conflictRuns || !conflict(err) {
			return err
		}
		// At random, or those who met would meet again.
		if !pause(ctx, rand.N(limit)) { //nolint:gosec // a pause, not a secret
			return err
		}
		limit = min(2*limit, conflictPauseMax)
	}
}

// conflict tells whether a transaction failed because of another one at the same time.
func conflict(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && repeatable(failed.Code)
}

func (db *DB) once(ctx context.Context, level sql.IsolationLevel, fn func(tx *Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	begun, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
	if err != nil {
		return fmt.Errorf("begin transaction: %w", statementError(err))
	}
	// Also when fn panics: a transaction that nobody ends would hold its connection, and SQLite has only one, for ever.
	// After a commit it does nothing, and the error that led here says more than its own.
	defer func() { _ = begun.Rollback() }()
	tx := &Tx{Tx: begun, source: db.source, seams: db.seams}
	if err := fn(tx); err != nil {
		return databaseError(err)
	}
	if err := db.backend.intact(); err != nil {
		return err
	}
	if err := begun.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", statementError(err))
	}
	for _, after := range tx.committed {
		after()
	}
	if tx.publish {
		db.wakeRelay()
		if !db.relaying.Load() {
			db.backend.announce(ctx, db.DB)
		}
	}
	return nil
}

func (db *DB) wakeRelay() {
	select {
	case db.wake <- struct{}{}:
	default: // it is awake already
	}
}
