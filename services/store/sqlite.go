package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"modernc.org/sqlite" // the driver "sqlite", in pure Go: the image needs no C library
	sqlite3 "modernc.org/sqlite/lib"

	"traceria/services/event"
)

// sqliteFile is a database in a file of its own.
type sqliteFile struct {
	path string
	// opened is the file that was opened at the path.
	opened os.FileInfo
}

// libpqSettings is how a connection string of keywords begins
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE).
var libpqSettings = regexp.MustCompile(`^\s*[A-Za-z_]+\s*=`)

// newSQLite reads sqlite:PATH, file:PATH and a bare path.
func newSQLite(rawURL string) (*sqliteFile, error) {
	scheme, rest, found := strings.Cut(rawURL, ":")
	switch {
	case rawURL == "":
		return nil, fmt.Errorf("the database URL is empty; want sqlite:PATH or %s", postgresForm)
	case libpqSettings.MatchString(rawURL): // a password is among them
		return nil, fmt.Errorf("the database URL is a list of settings; want sqlite:PATH or %s", postgresForm)
	case !found:
		return &sqliteFile{path: rawURL}, nil
	case scheme == "sqlite" || scheme == "file":
		path := strings.TrimPrefix(rest, "//")
		switch {
		case path == "":
			return nil, fmt.Errorf("the database URL %q names no file; want sqlite:PATH", rawURL)
		case strings.HasPrefix(filepath.Base(path), ":memory:"):
			return nil, errors.New("the database URL is a database in memory, which loses everything; want sqlite:PATH")
		}
		return &sqliteFile{path: path}, nil
	case strings.HasPrefix(rest, "//"):
		return nil, fmt.Errorf("the database URL has scheme %q; want sqlite:PATH or %s", scheme, postgresForm)
	default: // what stands before the colon may be secret
		return nil, fmt.Errorf("the database URL cannot be read; want sqlite:PATH or %s", postgresForm)
	}
}

// String implements backend.
func (s *sqliteFile) String() string { return s.path }

func (s *sqliteFile) open(options ...otelsql.Option) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return nil, fmt.Errorf("create the folder of the database: %w", err)
	}
	handle, err := otelsql.Open("sqlite", s.dataSource(), options...)
	if err != nil {
		return nil, err
	}
	// SQLite has one writer. One connection queues the callers fairly in the pool, where otherwise they would
	// poll for the file's lock and some would wait for seconds.
	handle.SetMaxOpenConns(1)
	return handle, nil
}

// dataSource asks for write-ahead logging, so that a killed process leaves a readable file, a full sync at each
// commit, because an accepted order must survive a power cut, and BEGIN IMMEDIATE, because a transaction that
// reads first and writes later could otherwise fail half way.
func (s *sqliteFile) dataSource() string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	return "file:" + (&url.URL{Path: s.path}).EscapedPath() + "?" + q.Encode()
}

func (s *sqliteFile) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{semconv.DBSystemNameSQLite, semconv.DBNamespace(filepath.Base(s.path))}
}

func (s *sqliteFile) create(ctx context.Context, handle *sql.DB, schema string) error {
	if _, err := handle.ExecContext(ctx, strings.ReplaceAll(schema, identity, "INTEGER PRIMARY KEY AUTOINCREMENT")); err != nil {
		return err
	}
	opened, err := os.Stat(s.path)
	if err != nil {
		return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
	}
	s.opened = opened
	return nil
}

// intact looks whether the path still leads to the file that was opened, and to its log. SQLite goes on writing to a file
// that somebody has deleted or replaced, and what it commits there is gone when the process ends
// (https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
func (s *sqliteFile) intact() error {
	now, err := os.Stat(s.path)
	if err == nil && !os.SameFile(now, s.opened) {
		err = errors.New("it is another file")
	}
	if err == nil {
		_, err = os.Stat(s.path + "-wal")
	}
	if err != nil {
		return fmt.Errorf("%w: the database file %s was deleted or replaced while it was open (%w), and what is written would be lost: "+
			"put it back, or restart the service to begin with what is there", event.ErrUnavailable, s.path, err)
	}
	return nil
}

// comesBack is true of a lock and of a disk that is full or fails: its owner will see to it, and the service goes on.
func (s *sqliteFile) comesBack(err error) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && slices.Contains([]int{
		sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
	}, failed.Code()&0xff)
}

// isolation is SQLite's only one: writers come one after the other.
func (s *sqliteFile) isolation() sql.IsolationLevel { return sql.LevelDefault }

// announce does nothing: another process sees the row when it looks, within a second.
func (s *sqliteFile) announce(context.Context, *sql.DB) {}
