package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/XSAM/otelsql"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// DB is the database of one service.
type DB struct {
	*sql.DB
	backend backend
	source  string
	meter   metric.Meter
	tracer  trace.Tracer
	wake    chan struct{}
	seams   Seams
	// relaying is whether this process is the one that sends what is in the outbox.
	relaying atomic.Bool
	// retention is how long the inbox remembers.
	retention time.Duration
	// keepSent is how long what was sent is kept, in nanoseconds.
	keepSent atomic.Int64
}

// scopeName is the instrumentation scope of the store's own spans and metrics.
const scopeName = "traceria/services/store"

// backend is what differs between SQLite and PostgreSQL.
type backend interface {
	// String says which database it is, without a secret.
	String() string
	// open prepares the pool; it need not connect.
	open(options ...otelsql.Option) (*sql.DB, error)
	// attributes are what all spans and metrics say about the database.
	attributes() []attribute.KeyValue
	// create makes the tables, and whatever must be there before them.
	create(ctx context.Context, handle *sql.DB, schema string) error
	// intact is nil unless what is committed now would be lost.
	intact() error
	// comesBack tells of an error of create whether waiting may cure it.
	comesBack(err error) bool
	// isolation is the isolation level at which transactions do not see each other.
	isolation() sql.IsolationLevel
	// relayLock prepares to become the one process that relays.
	relayLock(ctx context.Context) (relayLock, error)
	// announce wakes the relay when it is in another process.
	announce(ctx context.Context, handle *sql.DB)
}

// Open opens a service's database and creates the tables in schema (statements that may be run again; see the
// package's documentation) beside the outbox and the inbox. source is the service's name, which its events carry.
//
// rawURL is sqlite:PATH, or a bare path, of a file that is made with its folder when it is not there; or
// postgres://USER:PASSWORD@HOST:PORT/DATABASE, where the service keeps its tables in a schema of its own name unless
// the URL has a search_path.
//
// A database that is locked or full, or a server that does not answer, is waited for until ctx ends. A URL that
// cannot be used, a server that refuses the user and a file that is no database are errors. No error has a password.
func Open(ctx context.Context, rawURL, source, schema string, tel *telemetry.Telemetry) (*DB, error) {
	b, err := backendOf(rawURL, source)
	if err != nil {
		return nil, err
	}
	handle, err := b.open(instrumentation(tel, b.attributes())...)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", b, err)
	}
	db := &DB{
		DB: handle, backend: b, source: source,
		meter: tel.MeterProvider.Meter(scopeName), tracer: tel.TracerProvider.Tracer(scopeName),
		wake: make(chan struct{}, 1), retention: inboxRetention,
	}
	db.KeepSent(DefaultKeepSent)
	if err := db.prepare(ctx, outboxSchema+sentSchema+inboxSchema+schema, seldom{log: tel.Log}); err != nil {
		_ = handle.Close()
		return nil, err
	}
	return db, nil
}

// ErrURL is wrapped by the error of [Open] when the server does not know, or does not take, a setting in the URL. Only the
// server can tell: which ones there are depends on its release and its extensions.
var ErrURL = errors.New("the database URL has a setting that the server refuses")

// unknownSetting tells whether the server refused the connection because of what follows ? in the URL
// (undefined_object, invalid_parameter_value). It repeats a setting's name and value, which are no secret to it.
func unknownSetting(err error) bool {
	connecting, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return false
	}
	refused, ok := errors.AsType[*pgconn.PgError](connecting)
	return ok && (refused.Code == "42704" || refused.Code == "22023")
}

// CheckURL says what is wrong with a database URL, without showing it, or returns nil.
func CheckURL(rawURL string) error {
	_, err := backendOf(rawURL, "service")
	return err
}

func backendOf(rawURL, source string) (backend, error) {
	scheme, _, _ := strings.Cut(rawURL, ":")
	if scheme == "postgres" || scheme == "postgresql" {
		return newPostgres(rawURL, source)
	}
	return newSQLite(rawURL)
}

// prepareAgain is how long Open waits before it tries again.
const prepareAgain = 500 * time.Millisecond

func (db *DB) prepare(ctx context.Context, schema string, log seldom) error {
	for {
		err := db.backend.create(ctx, db.DB, schema)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("create the tables in %s: %w", db.backend, statementError(err))
		if unknownSetting(err) {
			return fmt.Errorf("%w: %w", ErrURL, err)
		}
		if ctx.Err() != nil || !db.backend.comesBack(err) {
			return err
		}
		log.warn(err, "the database cannot be used yet; waiting for it")
		if !pause(ctx, prepareAgain) {
			return err
		}
	}
}

// pause waits; it returns false when ctx ended instead.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
