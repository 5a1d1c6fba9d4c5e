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
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"modernc.org/sqlite" // the driver "sqlite", in pure Go: the image needs no C library
	sqlite3 "modernc.org/sqlite/lib"

	"traceria/services/event"
)

// sqliteFile is a SQLite database in a file.
type sqliteFile struct {
	path string
	// opened is the file that was at the path when the database was opened.
	opened os.FileInfo
}

// libpqSettings matches the beginning of a connection string of keywords
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE).
var libpqSettings = regexp.MustCompile(`^\s*[A-Za-z_]+\s*=`)

// newSQLite parses sqlite:PATH, file:PATH and a bare path.
func newSQLite(rawURL string) (*sqliteFile, error) {
	scheme, rest, found := strings.Cut(rawURL, ":")
	switch {
	case rawURL == "":
		return nil, fmt.Errorf("the database URL is empty; want sqlite:PATH or %s", postgresForm)
	case libpqSettings.MatchString(rawURL): // it may contain a password
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
	default: // the part before the colon may be secret
		return nil, fmt.Errorf("the database URL cannot be read; want sqlite:PATH or %s", postgresForm)
	}
}

// String implements backend.
func (s *sqliteFile) String() string { return s.path }

func (s *sqliteFile) open(meter metric.Meter, options ...otelsql.Option) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return nil, fmt.Errorf("create the folder of the database: %w", err)
	}
	connector, err := newLiteConnector(s.dataSource(), meter, s.attributes(), options...)
	if err != nil {
		return nil, err
	}
	handle := sql.OpenDB(connector)
	// SQLite has one writer. With one connection the callers queue fairly in the pool. With more they would poll for the
	// file's lock, and some would wait for seconds.
	handle.SetMaxOpenConns(1)
	return handle, nil
}

// dataSource returns the driver's name of the database. Write-ahead logging keeps the file readable when the process is
// killed. The full sync lets a commit survive a power cut. BEGIN IMMEDIATE takes the write lock at the beginning: a
// transaction that first reads and then writes could otherwise fail. The log is moved into the file when it has 4000 pages (16 MB)
// instead of 1000: a page that many transactions change is written there less often. What a savepoint undoes is kept in memory.
func (s *sqliteFile) dataSource() string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"wal_autocheckpoint(4000)", "temp_store(MEMORY)",
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

// intact checks that the path still leads to the opened file and its log. SQLite goes on writing to a deleted or replaced
// file, whose content is gone when the process ends
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
		return fmt.Errorf("%w: the database file %s was deleted or replaced while it was open (%w), so a commit would be lost: "+
			"put the file back, or restart the service to use the file that is there", event.ErrUnavailable, s.path, err)
	}
	return nil
}

// comesBack returns true for a lock and for a disk that is full or fails: the service goes on when the cause is gone.
func (s *sqliteFile) comesBack(err error) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && slices.Contains([]int{
		sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
	}, failed.Code()&0xff)
}

// isolation returns SQLite's only level: writers run one after the other.
func (s *sqliteFile) isolation() sql.IsolationLevel { return sql.LevelDefault }

// oneWriter implements backend.
func (s *sqliteFile) oneWriter() bool { return true }

// announce does nothing: another process finds the row within relayPoll.
func (s *sqliteFile) announce(context.Context, *sql.DB) {}
