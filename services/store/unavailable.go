package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"traceria/services/event"
)

// statementError makes err wrap [event.ErrUnavailable] when it says that the database, and not the statement, is at
// fault: it is away, locked, full or damaged, or the context ended before it answered. What a statement gets wrong by
// itself (a constraint, a type, a size) stays as it is.
func statementError(err error) error {
	if err == nil || errors.Is(err, event.ErrUnavailable) {
		return err
	}
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
	late := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if cut || late || errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
	}
	return databaseError(err)
}

// databaseError does the same for an error that may come from elsewhere, such as the function that [DB.Do] runs: only
// what nothing but a database says counts. An unexpected end of input may be a broken message.
func databaseError(err error) error {
	if err == nil || errors.Is(err, event.ErrUnavailable) || !fromDatabase(err) {
		return err
	}
	return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
}

func fromDatabase(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains(sqliteUnavailable, lite.Code()&0xff) // the upper bits are details
	}
	if postgres, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresUnavailable(postgres.Code)
	}
	var connecting *pgconn.ConnectError
	var line *net.OpError
	return errors.As(err, &connecting) || errors.As(err, &line) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// sqliteUnavailable are the primary result codes (https://www.sqlite.org/rescode.html) that are about the database.
var sqliteUnavailable = []int{
	sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
	sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_CORRUPT,
	sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_INTERRUPT,
}

// postgresUnavailable reads an SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func postgresUnavailable(code string) bool {
	for _, class := range []string{
		"08", // the connection
		"28", // who may enter: a password that was changed
		"53", // disk, memory, connections
		"57", // an operator's intervention, a shutdown, a start
		"58", // the system below
	} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return repeatable(code) || slices.Contains([]string{
		"25006", // read only: a standby
		"25P03", // a transaction that was idle for too long
		"3D000", // no such database
		"42501", // not permitted
		"55P03", // a lock
		"XX001", // damaged data
		"XX002", // a damaged index
	}, code)
}

// repeatable tells whether the same transaction may succeed when it is run again
// (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
func repeatable(code string) bool { return code == "40001" || code == "40P01" }
