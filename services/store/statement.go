package store

import (
	"context"
	"database/sql"
	"time"
)

// The statements of [DB] and [Tx] are those of database/sql, but for their errors: they wrap event.ErrUnavailable when
// the database is at fault. Only what [sql.Rows] says while it is read is left as it is; [DB.Do] looks at that.

// ExecContext is that of [sql.DB].
func (db *DB) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := db.DB.ExecContext(db.statementContext(ctx), query, args...)
	return result, statementError(err)
}

// QueryContext is that of [sql.DB].
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := db.DB.QueryContext(db.statementContext(ctx), query, args...)
	return rows, statementError(err)
}

// QueryRowContext is that of [sql.DB].
func (db *DB) QueryRowContext(ctx context.Context, query string, args ...any) *Row {
	return &Row{db.DB.QueryRowContext(db.statementContext(ctx), query, args...)}
}

// PingContext is that of [sql.DB]. It also fails when a SQLite file is not where it was opened any more.
func (db *DB) PingContext(ctx context.Context) error {
	if err := db.backend.intact(); err != nil {
		return err
	}
	return statementError(db.DB.PingContext(ctx))
}

// ExecContext is that of [sql.Tx].
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	defer tx.span.ran(query, time.Now())
	result, err := tx.tx.ExecContext(tx.statementContext(ctx), query, args...)
	return result, statementError(err)
}

// QueryContext is that of [sql.Tx].
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	defer tx.span.ran(query, time.Now())
	rows, err := tx.tx.QueryContext(tx.statementContext(ctx), query, args...)
	return rows, statementError(err)
}

// QueryRowContext is that of [sql.Tx].
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *Row {
	defer tx.span.ran(query, time.Now())
	return &Row{tx.tx.QueryRowContext(tx.statementContext(ctx), query, args...)}
}

// Row is the result of a query for one row.
type Row struct{ row *sql.Row }

// Scan is that of [sql.Row]: without a row the error is [sql.ErrNoRows].
func (r *Row) Scan(dest ...any) error { return statementError(r.row.Scan(dest...)) }
