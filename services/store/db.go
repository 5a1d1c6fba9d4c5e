package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/XSAM/otelsql"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go: the image needs no C library

	"traceria/telemetry"
)

// DB is the database of one service.
type DB struct {
	*sql.DB
	source string
	wake   chan struct{}
}

// Open opens the SQLite database that rawURL (sqlite:PATH, or a bare path) names, creating its folder and
// file, and creates the tables in schema (statements that may be run again) beside the outbox. source is the
// service's name, which its events carry.
func Open(ctx context.Context, rawURL, source, schema string, tel *telemetry.Telemetry) (*DB, error) {
	path, err := sqlitePath(rawURL)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("create the folder of the database: %w", err)
	}
	handle, err := otelsql.Open("sqlite", dataSource(path), instrumentation(tel)...)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// SQLite has one writer. One connection queues the callers fairly in the pool, where otherwise they would
	// poll for the file's lock and some would wait for seconds.
	handle.SetMaxOpenConns(1)
	db := &DB{DB: handle, source: source, wake: make(chan struct{}, 1)}
	tables := strings.ReplaceAll(outboxSchema+inboxSchema+schema, identity, "INTEGER PRIMARY KEY AUTOINCREMENT")
	if _, err := db.ExecContext(ctx, tables); err != nil {
		_ = handle.Close()
		return nil, fmt.Errorf("create the tables in %s: %w", path, err)
	}
	return db, nil
}

// identity stands, in a schema, for the type of a primary key that numbers itself.
const identity = "{{identity}}"

// sqlitePath reads DATABASE_URL.
func sqlitePath(rawURL string) (string, error) {
	scheme, rest, found := strings.Cut(rawURL, ":")
	switch {
	case rawURL == "":
		return "", fmt.Errorf("the database URL is empty; want sqlite:PATH")
	case !found:
		return rawURL, nil
	case scheme == "sqlite" || scheme == "file":
		path := strings.TrimPrefix(rest, "//")
		if path == "" {
			return "", fmt.Errorf("the database URL %q names no file; want sqlite:PATH", rawURL)
		}
		return path, nil
	default:
		return "", fmt.Errorf("the database URL has scheme %q; this version knows sqlite:PATH only", scheme)
	}
}

// dataSource asks for write-ahead logging, so that a killed process leaves a readable file, a full sync at each
// commit, because an accepted order must survive a power cut, and BEGIN IMMEDIATE, because a transaction that
// reads first and writes later could otherwise fail half way.
func dataSource(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Tx is a transaction of a service: its own tables and the outbox.
type Tx struct {
	*sql.Tx
	source  string
	publish bool
}

// Do runs fn in a transaction and commits when fn returns nil; otherwise nothing of it remains. The relay is
// woken at once when fn published something.
//
// fn may be run more than once: in PostgreSQL a transaction that met another one is rolled back and done again. So
// fn changes nothing but the database, and variables that each run sets anew.
//
// The error wraps [event.ErrUnavailable] when the database is at fault (away, locked, full, damaged) and says nothing
// about what fn wanted. If that happens during the commit, the transaction may stand all the same.
func (db *DB) Do(ctx context.Context, fn func(tx *Tx) error) error {
	begun, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", statementError(err))
	}
	// Also when fn panics: there is one connection, and a transaction that nobody ends would hold it for ever.
	// After a commit it does nothing, and the error that led here says more than its own.
	defer func() { _ = begun.Rollback() }()
	tx := &Tx{Tx: begun, source: db.source}
	if err := fn(tx); err != nil {
		return databaseError(err)
	}
	if err := begun.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", statementError(err))
	}
	if tx.publish {
		db.wakeRelay()
	}
	return nil
}

func (db *DB) wakeRelay() {
	select {
	case db.wake <- struct{}{}:
	default: // it is awake already
	}
}
