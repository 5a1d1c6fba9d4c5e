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

// statementError wraps [event.ErrUnavailable] around an error whose cause is the database (not running, locked, full,
// damaged) or the end of the context. It returns errors of the statement itself (a constraint, a type, a size) as they are.
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

// databaseError does the same for errors that may have another origin, such as those of the function of [DB.Do]. It only
// considers errors that only a database returns: an unexpected end of input may come from a broken message.
func databaseError(err error) error {
	if err == nil || errors.Is(err, event.ErrUnavailable) || !fromDatabase(err) {
		return err
	}
	return fmt.Errorf("%w: %w", event.ErrUnavailable, err)
}

func fromDatabase(err error) bool {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains(sqliteUnavailable, lite.Code()&0xff) // the upper bits have details
	}
	if postgres, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresUnavailable(postgres.Code)
	}
	var connecting *pgconn.ConnectError
	var line *net.OpError
	return errors.As(err, &connecting) || errors.As(err, &line) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// sqliteUnavailable has the primary result codes (https://www.sqlite.org/rescode.html) that concern the database.
var sqliteUnavailable = []int{
	sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
	sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_CORRUPT,
	sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_INTERRUPT,
}

// postgresUnavailable tells whether an SQLSTATE concerns the database, not the statement
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func postgresUnavailable(code string) bool {
	for _, class := range []string{
		"08", // the connection
		"28", // authorization, such as a changed password
		"53", // disk, memory, connections
		"57", // an operator's intervention, a shutdown, a start
		"58", // the operating system
	} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return repeatable(code) || slices.Contains([]string{
		"25006", // read only: a standby
		"25P03", // a transaction that was idle too long
		"3D000", // no such database
		"42501", // not permitted
		"55P03", // a lock
		"XX001", // damaged data
		"XX002", // a damaged index
	}, code)
}

// repeatable tells whether the same transaction may succeed in another run
// (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
func repeatable(code string) bool { return code == "40001" || code == "40P01" }
