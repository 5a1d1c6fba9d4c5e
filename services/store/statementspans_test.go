package store_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"

	"traceria/services/store"
	"traceria/telemetry"
	"traceria/telemetry/telemetrytest"
	"traceria/telemetry/tracetree"
)

// Transactions with a span for each statement share commits, too. Each has its own BEGIN and COMMIT in its own trace.
func TestStatementsOfAGroupAreSpansOfTheirOwnRequests(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	b.trace(store.TraceStatements)
	c := b.crowd(t)
	for i := range 5 {
		c.join(t, func() {
			id := strconv.Itoa(i)
			ctx, request := b.tel.TracerProvider.Tracer("test").Start(telemetry.WithConversation(t.Context(), id), "request")
			defer request.End()
			if err := b.place(ctx, id); err != nil {
				t.Error(err)
			}
		})
	}
	c.finish()
	shared := 0
	for i := range 5 {
		var request tracetree.Span
		var got []string
		for _, span := range b.memory.Conversation(strconv.Itoa(i)) {
			if span.Name == "request" {
				request = span
			} else {
				got = append(got, span.Name)
			}
			if n, ok := span.Attributes["traceria.db.group"].(int64); ok && n >= 2 && span.Name == "COMMIT" {
				shared++
			}
		}
		for _, span := range b.memory.Conversation(strconv.Itoa(i)) {
			if span.Name != "request" && span.ParentID != request.SpanID {
				t.Errorf("%s of order %d is not a child of its request", span.Name, i)
			}
		}
		if diff := cmp.Diff([]string{"BEGIN", "INSERT orders", "INSERT outbox", "COMMIT"}, got); diff != "" {
			t.Errorf("order %d (-want +got)\n%s", i, diff)
		}
	}
	if shared < 4 { // the open transaction may be too old for the others to join it
		t.Errorf("%d of 5 transactions shared a commit", shared)
	}
}

// The span COMMIT begins when the work of the transaction is done, also if the transaction ends the group itself.
func TestTheSpanCommitHasTheTimeOfTheCommit(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	b.trace(store.TraceStatements)
	const delay = 50 * time.Millisecond
	b.DelayCommits(delay)
	got := b.request(t, func(ctx context.Context) {
		if err := b.place(ctx, "o-1"); err != nil {
			t.Error(err)
		}
	})
	if n := len(got); n == 0 || got[n-1].Name != "COMMIT" || got[n-1].Duration < delay {
		t.Errorf("got %+v, want a COMMIT of at least %s at the end", got, delay)
	}
}

func TestATransactionThatFailsEndsWithRollback(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		b.trace(store.TraceStatements)
		for name, work := range map[string]func() error{
			"an error": func() error { return errRefused },
			"a panic":  func() error { panic("a bug") },
		} {
			got := b.request(t, func(ctx context.Context) {
				defer func() { _ = recover() }()
				if err := b.Do(ctx, func(tx *store.Tx) error { return errors.Join(insert(ctx, "lost")(tx), work()) }); err == nil {
					t.Errorf("%s: the transaction has no error", name)
				}
			})
			if diff := cmp.Diff([]string{"BEGIN", "INSERT orders", "ROLLBACK"}, names(got)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		got := b.request(t, func(ctx context.Context) {
			_ = b.Do(joined{ctx, over}, func(*store.Tx) error { return nil }) //nolint:contextcheck // it has the values of ctx
		})
		if len(got) != 1 || got[0].Name != "BEGIN" || got[0].Status != "error" || got[0].Attributes["error.type"] != "canceled" {
			t.Errorf("a transaction that could not begin: %+v", got)
		}
	})
}

// joined has the values of one context and the end of another.
type joined struct {
	context.Context
	end context.Context
}

func (j joined) Done() <-chan struct{} { return j.end.Done() }
func (j joined) Err() error            { return j.end.Err() }

// Statements that cannot be kept prepared are in the metric, too.
func TestTheMetricHasEveryStatement(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	metrics := telemetrytest.New(t)
	b.tel.MeterProvider = metrics
	b.reopen(t)
	exec(t, b, `INSERT INTO orders (id) VALUES ('1'), ('2')`)
	count := func(operation, failed string) uint64 {
		having := []attribute.KeyValue{attribute.String("db.operation.name", operation)}
		if failed != "" {
			having = append(having, attribute.String("error.type", failed))
		}
		return metrics.Count("db.client.operation.duration", having...)
	}
	before := map[string]uint64{"SELECT": count("SELECT", ""), "DELETE": count("DELETE", "")}
	const query = `SELECT id FROM orders`
	if err := b.Do(t.Context(), func(tx *store.Tx) error {
		open, err := tx.QueryContext(t.Context(), query) // the prepared statement is in use until its rows are closed
		if err != nil {
			return err
		}
		defer open.Close()
		return errors.Join(tx.QueryRowContext(t.Context(), query).Scan(new(string)), open.Err())
	}); err != nil {
		t.Fatal(err)
	}
	if n := count("SELECT", "") - before["SELECT"]; n != 2 {
		t.Errorf("%d of two SELECT at the same time are in the metric", n)
	}
	exec(t, b, `DELETE FROM orders WHERE id = '1'; DELETE FROM orders WHERE id = '2'`)
	if n := count("DELETE", "") - before["DELETE"]; n != 1 {
		t.Errorf("a script is in the metric %d times, want once", n)
	}
	if _, err := b.ExecContext(t.Context(), `UPDATE nowhere SET id = 1`); err == nil {
		t.Error("an unknown table is no error")
	}
	if n := count("UPDATE", "1"); n != 1 { // SQLITE_ERROR
		t.Errorf("a statement that cannot be compiled is in the metric %d times, want once", n)
	}
}
