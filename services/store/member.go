package store

import (
	"context"
	"database/sql"
)

// session runs the statements of a transaction: a transaction of database/sql, or a member of a group.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// member is a transaction in a group.
type member struct {
	*group
	ctx  context.Context // of the transaction: no statement begins after its end
	rows []*sql.Rows
}

// ExecContext implements session. The contexts are looked at before the statement, which is short, and do not interrupt it.
func (m *member) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := m.ended(ctx); err != nil {
		return nil, err
	}
	return m.conn.ExecContext(m.unending(ctx), query, args...)
}

// QueryContext implements session.
func (m *member) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := m.ended(ctx); err != nil {
		return nil, err
	}
	rows, err := m.conn.QueryContext(m.unending(ctx), query, args...)
	if err == nil {
		m.rows = append(m.rows, rows)
	}
	return rows, err
}

// unending returns the context in which a statement runs. It never ends, because a statement that ends early ends its group. If the
// statement makes a span, the context has the parent of that span.
func (m *member) unending(ctx context.Context) context.Context {
	if statementSpan(ctx) {
		return context.WithoutCancel(ctx)
	}
	return m.group.ctx
}

func (m *member) ended(ctx context.Context) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	return ctx.Err()
}

// closeRows closes what the function has left open. The connection could not be given back otherwise.
func (m *member) closeRows() {
	for _, rows := range m.rows {
		_ = rows.Close()
	}
}
