package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
)

// group is several transactions of a SQLite database that share one commit. Each runs in a savepoint, so one that fails is rolled
// back alone.
type group struct {
	db   *DB
	conn *sql.Conn
	// ctx is the context of the group's own statements. It makes no spans, and never ends: SQLite would roll back the whole group if a
	// statement were interrupted.
	ctx     context.Context
	opened  time.Time
	members int
	kept    int  // members that did not fail
	lost    bool // SQLite has rolled back the whole group
	// The following are set before done is closed.
	done   chan struct{}
	err    error // of the commit
	commit time.Duration
}

// errLost is the error of a transaction whose group was rolled back because of another member. It runs again.
var errLost = fmt.Errorf("%w: SQLite rolled back the group of the transaction", event.ErrUnavailable)

const (
	beginGroup    = `BEGIN IMMEDIATE`
	commitGroup   = `COMMIT`
	rollbackGroup = `ROLLBACK`
	beginMember   = `SAVEPOINT member`
	keepMember    = `RELEASE member`
	undoMember    = `ROLLBACK TO member`
)

// openGroup begins a group. It waits for the connection and for SQLite's lock.
func (db *DB) openGroup(ctx context.Context) (*group, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	quiet := trace.ContextWithSpanContext(context.WithoutCancel(ctx), trace.SpanContext{})
	if _, err := conn.ExecContext(spanless(ctx), beginGroup); err != nil {
		_, _ = conn.ExecContext(quiet, rollbackGroup) // if ctx has ended, it may have begun all the same
		_ = conn.Close()
		return nil, err
	}
	return &group{db: db, conn: conn, ctx: quiet, opened: time.Now(), done: make(chan struct{})}, nil
}

// hasRoom tells whether another transaction may join.
func (g *group) hasRoom() bool {
	return !g.lost && g.members < groupMost && time.Since(g.opened) < groupTime
}

// run runs one transaction in the group.
func (g *group) run(ctx context.Context, tx *Tx, fn func(tx *Tx) error) (err error) {
	g.members++
	if err := g.exec(beginMember); err != nil {
		return err
	}
	m := &member{group: g, ctx: ctx}
	tx.on = m
	finished := false
	defer func() { // also after a panic
		m.closeRows()
		if !finished || err != nil {
			began := time.Now()
			g.undo()
			tx.spans.rolledBack(began)
		} else if err = g.exec(keepMember); err == nil {
			g.kept++
		}
	}()
	err = fn(tx)
	finished = true
	return databaseError(err)
}

// undo rolls back the transaction that runs, and no other.
func (g *group) undo() {
	if g.exec(undoMember) == nil {
		_ = g.exec(keepMember)
	}
}

// exec runs a statement without which the group cannot go on. It fails if SQLite has rolled back everything, for instance because
// the disk is full (https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction). That is no fault of the
// message, so the error is event.ErrUnavailable.
func (g *group) exec(statement string) error {
	_, err := g.conn.ExecContext(g.ctx, statement)
	if err != nil {
		g.lost = true
		err = fmt.Errorf("%w: %s: %w", event.ErrUnavailable, statement, statementError(err))
	}
	return err
}

// end commits what the members have written, and lets them go on.
func (g *group) end() {
	statement := rollbackGroup
	if g.kept > 0 && !g.lost {
		if g.err = g.db.backend.intact(); g.err == nil {
			statement = commitGroup
		}
	}
	began := time.Now()
	_, err := g.conn.ExecContext(g.ctx, statement)
	g.commit = time.Since(began)
	if statement == commitGroup && err != nil {
		g.err = fmt.Errorf("commit transaction: %w", statementError(err))
		_, _ = g.conn.ExecContext(g.ctx, rollbackGroup) // a failed commit can leave the transaction open
	}
	_ = g.conn.Close()
	close(g.done)
}

// shared returns the attributes of a span about the group, if it had other members. ready is the time at which the transaction was
// done and began to wait for them.
func (g *group) shared(ready time.Time) []attribute.KeyValue {
	if g == nil || g.members < 2 {
		return nil
	}
	wait := max(0, time.Since(ready)-g.commit)
	return []attribute.KeyValue{groupKey.Int(g.members), groupWaitKey.Float64(inMilliseconds(wait))}
}

// onceInGroup is once for SQLite. The transaction runs when its turn has come, and returns when its group is committed.
func (db *DB) onceInGroup(ctx context.Context, tx *Tx, fn func(tx *Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	tx.publish, tx.committed = false, nil
	began := time.Now()
	g, err := db.enterGroup(ctx)
	tx.spans.begun(began, err)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", statementError(err))
	}
	ran, broke, err := db.takeTurn(ctx, g, tx, fn)
	select {
	case <-g.done:
	case <-ctx.Done():
		select {
		case <-g.done: // the result is known
		default: // the transaction may be committed all the same, or what made it fail may be rolled back
			err = fmt.Errorf("commit transaction: %w", statementError(ctx.Err()))
			tx.spans.committed(ran, nil, err)
			return err
		}
	}
	switch { // a failure, too, may be due to what another member wrote
	case g.err != nil:
		err = g.err
	case g.lost && !broke:
		err = errLost
	}
	if err == nil || g.err != nil {
		tx.spans.committed(ran, g, g.err)
	} else {
		tx.spans.rolledBack(ran)
	}
	return err
}

// enterGroup waits for the turn, and opens a group if there is none to join.
func (db *DB) enterGroup(ctx context.Context) (*group, error) {
	g, err := db.line.enter(ctx)
	if err != nil || g != nil {
		return g, err
	}
	if g, err = db.openGroup(ctx); err != nil {
		db.line.next(nil)
	}
	return g, err
}

// takeTurn runs the transaction and gives the turn to the next one, also after a panic. If none waits, it ends the group. ran is the
// time before that. broke tells whether SQLite rolled back the group because of this transaction.
func (db *DB) takeTurn(ctx context.Context, g *group, tx *Tx, fn func(tx *Tx) error) (ran time.Time, broke bool, err error) {
	defer db.line.next(g)
	err = g.run(ctx, tx, fn)
	return time.Now(), g.lost, err
}

// lost tells whether a transaction is to run again because its group was rolled back.
func lost(err error) bool { return errors.Is(err, errLost) }
