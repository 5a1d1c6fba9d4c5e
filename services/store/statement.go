package store

import (
	"cmp"
	"context"
	"database/sql"
	"time"
)

// The methods of [DB] and [Tx] are those of database/sql, except for their errors, which wrap event.ErrUnavailable if the
// database is the cause. Only [sql.Rows] returns the driver's errors; [DB.Do] converts those that its function returns.

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
	rows, err := db.QueryContext(ctx, query, args...)
	return &Row{rows, err}
}

// PingContext is that of [sql.DB]. It also fails if a SQLite file was deleted or replaced.
func (db *DB) PingContext(ctx context.Context) error {
	if err := db.backend.intact(); err != nil {
		return err
	}
	return statementError(db.DB.PingContext(ctx))
}

// ExecContext is that of [sql.Tx].
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	defer tx.spans.ran(query, time.Now())
	result, err := tx.on.ExecContext(tx.statementContext(ctx), query, args...)
	return result, statementError(err)
}

// QueryContext is that of [sql.Tx].
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	defer tx.spans.ran(query, time.Now())
	rows, err := tx.on.QueryContext(tx.statementContext(ctx), query, args...)
	return rows, statementError(err)
}

// QueryRowContext is that of [sql.Tx].
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *Row {
	defer tx.spans.ran(query, time.Now())
	rows, err := tx.on.QueryContext(tx.statementContext(ctx), query, args...)
	return &Row{rows, statementError(err)}
}

// Row is the result of a query that returns one row.
type Row struct {
	rows *sql.Rows
	err  error
}

// Scan is that of [sql.Row]. Without a row it returns [sql.ErrNoRows].
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer func() { _ = r.rows.Close() }()
	if !r.rows.Next() {
		return statementError(cmp.Or(r.rows.Err(), sql.ErrNoRows))
	}
	if err := r.rows.Scan(dest...); err != nil {
		return statementError(err)
	}
	return statementError(r.rows.Close()) // a statement that writes may fail at its end
}
