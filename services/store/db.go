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

	"traceria/services/wait"
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
	line    line
	seams   Seams
	// relaying is true while this process relays the outbox.
	relaying atomic.Bool
	// retention is the time for which the inbox keeps an event id.
	retention time.Duration
	// poll is the fallback polling interval of the relay.
	poll time.Duration
	// keepSent is the time for which sent messages are kept, in nanoseconds.
	keepSent   atomic.Int64
	duplicates *duplicates
}

// scopeName is the instrumentation scope of the store's own spans and metrics.
const scopeName = "traceria/services/store"

// backend has the differences between SQLite and PostgreSQL.
type backend interface {
	// String returns the address of the database, without a secret.
	String() string
	// open prepares the pool. It need not connect.
	open(meter metric.Meter, options ...otelsql.Option) (*sql.DB, error)
	// attributes returns the attributes of the database, for all spans and metrics.
	attributes() []attribute.KeyValue
	// create creates the tables and what they need, such as a schema.
	create(ctx context.Context, handle *sql.DB, schema string) error
	// intact returns an error if the next commit would be lost.
	intact() error
	// comesBack tells whether an error of create may end without a change of the configuration.
	comesBack(err error) bool
	// oneWriter tells whether transactions run one after the other anyway. They then share commits ([group]).
	oneWriter() bool
	// isolation returns the isolation level of a service's transactions.
	isolation() sql.IsolationLevel
	// relayLock prepares the lock that one process at a time holds to relay.
	relayLock(ctx context.Context) (relayLock, error)
	// announce wakes the relay of another process.
	announce(ctx context.Context, handle *sql.DB)
}

// Open opens the database at rawURL and creates its tables (see "Opening" and "Schemas" in the package's documentation).
// source is the service's name in its events. Open waits for a database that is locked, full or not running until ctx ends.
// It fails if the URL is wrong, the server refuses the user, or the file is no database. No error contains a password.
func Open(ctx context.Context, rawURL, source, schema string, tel *telemetry.Telemetry) (*DB, error) {
	b, err := backendOf(rawURL, source)
	if err != nil {
		return nil, err
	}
	handle, err := b.open(tel.MeterProvider.Meter(scopeName), instrumentation(tel, b.attributes())...)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", b, err)
	}
	db := &DB{
		DB: handle, backend: b, source: source,
		meter: tel.MeterProvider.Meter(scopeName), tracer: tel.TracerProvider.Tracer(scopeName),
		wake: make(chan struct{}, 1), retention: inboxRetention, poll: relayPoll,
	}
	db.duplicates = newDuplicates(db.meter)
	db.KeepSent(DefaultKeepSent)
	if err := db.prepare(ctx, outboxSchema+sentSchema+inboxSchema+schema, seldom{log: tel.Log}); err != nil {
		_ = handle.Close()
		return nil, err
	}
	return db, nil
}

// ErrURL is wrapped by the error of [Open] if the server refuses a setting in the URL. Which settings exist depends on the
// server's release and extensions, so only the server can check them.
var ErrURL = errors.New("the database URL has a setting that the server refuses")

// unknownSetting tells whether the server refused a setting after the ? of the URL (undefined_object,
// invalid_parameter_value). The server's message repeats the name and the value of the setting, which are no secrets.
func unknownSetting(err error) bool {
	connecting, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return false
	}
	refused, ok := errors.AsType[*pgconn.PgError](connecting)
	return ok && (refused.Code == "42704" || refused.Code == "22023")
}

// CheckURL returns an error that says what is wrong with a database URL. The error does not contain the URL.
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

// prepareAgain is the pause of Open before the next attempt.
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
		log.warn(err, "database not ready; waiting for it")
		if wait.For(ctx, prepareAgain) != nil {
			return err
		}
	}
}
