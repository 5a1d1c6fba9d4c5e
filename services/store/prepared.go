package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// preparedMost is the most statements that a connection keeps prepared. The services have about 20 each.
const preparedMost = 200

// liteDriver is what this package uses of a connection of the SQLite driver.
type liteDriver interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedStatement is a statement that the driver has compiled.
type preparedStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// preparedConn is a connection to SQLite that keeps its statements prepared, by their text. Compiling a statement takes longer than
// running it. database/sql uses a connection from one goroutine at a time.
type preparedConn struct {
	liteDriver
	statements map[string]*prepared
	durations  *durations
}

// prepared is a statement of the connection. busy is true while its rows are open: the statement has one cursor.
type prepared struct {
	preparedStatement
	busy bool
	duration
}

// ExecContext implements driver.ExecerContext.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	began := time.Now()
	s, err := c.prepared(ctx, query)
	switch {
	case err != nil:
	case s == nil:
		result, err = c.liteDriver.ExecContext(ctx, query, args)
	default:
		result, err = s.ExecContext(ctx, args)
	}
	c.record(ctx, s, query, began, err)
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	began := time.Now()
	s, err := c.prepared(ctx, query)
	switch {
	case err != nil:
	case s == nil:
		rows, err = c.liteDriver.QueryContext(ctx, query, args)
	default:
		if rows, err = s.QueryContext(ctx, args); err == nil {
			s.busy = true
			rows = preparedRows{rows, s}
		}
	}
	c.record(ctx, s, query, began, err)
	return rows, err
}

// record measures a statement. The attributes of one that is not prepared (nil) are made anew.
func (c *preparedConn) record(ctx context.Context, s *prepared, query string, began time.Time, err error) {
	took := time.Since(began)
	if s != nil {
		c.durations.record(ctx, s.duration, took, err)
	} else {
		c.durations.record(ctx, c.durations.of(query), took, err)
	}
}

// prepared returns the statement, or nil if it must run unprepared: a script of several statements, or a statement whose rows are
// open.
func (c *preparedConn) prepared(ctx context.Context, query string) (*prepared, error) {
	if s, ok := c.statements[query]; ok {
		if s.busy {
			return nil, nil //nolint:nilnil // no statement and no error: see above
		}
		return s, nil
	}
	if strings.Contains(query, ";") {
		return nil, nil //nolint:nilnil // no statement and no error: see above
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	statement, ok := made.(preparedStatement)
	if !ok {
		_ = made.Close()
		return nil, fmt.Errorf("the SQLite driver's statement is a %T without contexts", made)
	}
	if len(c.statements) >= preparedMost {
		c.forget()
	}
	s := &prepared{preparedStatement: statement, duration: c.durations.of(query)}
	c.statements[query] = s
	return s, nil
}

// forget closes all statements that are not in use.
func (c *preparedConn) forget() {
	for query, s := range c.statements {
		if !s.busy {
			_ = s.Close()
			delete(c.statements, query)
		}
	}
}

// Close implements driver.Conn. SQLite keeps a connection open until its last statement is closed.
func (c *preparedConn) Close() error {
	for query, s := range c.statements {
		_ = s.Close()
		delete(c.statements, query)
	}
	return c.liteDriver.Close()
}

// preparedRows free their statement when they are closed.
type preparedRows struct {
	driver.Rows
	statement *prepared
}

// Close implements driver.Rows.
func (r preparedRows) Close() error {
	r.statement.busy = false
	return r.Rows.Close()
}
