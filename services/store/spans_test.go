package store_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

// trace chooses the spans of the database.
func (b *bundle) trace(tracing store.Tracing) {
	b.TakePart(store.Seams{Tracing: func(context.Context) store.Tracing { return tracing }})
}

func TestStatementsAreSpansOfTheRequestAndItsConversation(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		b.trace(store.TraceStatements)
		ctx, request := b.tel.TracerProvider.Tracer("test").Start(t.Context(), "POST /order")
		ctx = telemetry.WithConversation(ctx, "o-1")
		if err := b.place(ctx, "o-1"); err != nil {
			t.Fatal(err)
		}
		if err := b.Do(ctx, func(tx *store.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM orders`).Scan(&n); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `UPDATE orders SET id = id WHERE id = 'nobody'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		request.End()
		var names []string
		for _, span := range b.memory.Conversation("o-1") {
			if span.Name == "POST /order" {
				continue
			}
			names = append(names, span.Name)
			if span.ParentID != request.SpanContext().SpanID().String() || span.Kind != "client" {
				t.Errorf("%s: kind %s, parent %s; want client, the request's span", span.Name, span.Kind, span.ParentID)
			}
			for key, want := range b.described(t) {
				if got := fmt.Sprint(span.Attributes[key]); got != want {
					t.Errorf("%s: %s is %s, want %s", span.Name, key, got, want)
				}
			}
		}
		want := []string{
			"BEGIN", "INSERT orders", "INSERT outbox", "COMMIT",
			"BEGIN", "SELECT orders", "UPDATE orders", "COMMIT",
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// described returns the attributes of the database that each span has.
func (b *bundle) described(t *testing.T) map[string]string {
	t.Helper()
	if !b.postgres() {
		return map[string]string{"db.system.name": "sqlite", "db.namespace": "order.db"}
	}
	u, err := url.Parse(b.url)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"db.system.name": "postgresql", "db.namespace": strings.TrimPrefix(u.Path, "/") + "|order",
		"server.address": u.Hostname(), "server.port": u.Port(),
	}
}

func TestASpanNamesItsOperationAndTable(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		b.trace(store.TraceStatements)
		ctx, request := b.tel.TracerProvider.Tracer("test").Start(t.Context(), "request")
		if err := b.place(ctx, "o-1"); err != nil {
			t.Fatal(err)
		}
		request.End()
		for _, span := range b.memory.Spans() {
			if span.Name != "INSERT outbox" {
				continue
			}
			if op, table := span.Attributes["db.operation.name"], span.Attributes["db.collection.name"]; op != "INSERT" || table != "outbox" {
				t.Errorf("operation %v, table %v", op, table)
			}
			if got := span.Attributes["db.query.summary"]; got != span.Name {
				t.Errorf("db.query.summary is %v, want the span's name", got)
			}
			return
		}
		t.Error("there is no span INSERT outbox")
	})
}

func TestAFailedStatementHasAnErrorStatus(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		ctx, request := b.tel.TracerProvider.Tracer("test").Start(t.Context(), "request")
		for range 2 {
			_, _ = b.ExecContext(ctx, `INSERT INTO orders (id) VALUES ('twice')`)
		}
		request.End()
		type outcome struct {
			Status string
			Type   any
		}
		var got []outcome
		for _, span := range b.memory.Spans() {
			if span.Name == "INSERT orders" {
				got = append(got, outcome{span.Status, span.Attributes["error.type"]})
			}
		}
		primaryKey := "1555" // SQLITE_CONSTRAINT_PRIMARYKEY
		if b.postgres() {
			primaryKey = "23505" // unique_violation
		}
		if diff := cmp.Diff([]outcome{{}, {"error", primaryKey}}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestTheRelaysOwnStatementsMakeNoSpans(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		sent := make(chan event.Outgoing, 1)
		b.relay(t, publisherFunc(func(o event.Outgoing) error { sent <- o; return nil }))
		if err := b.place(t.Context(), "o-1"); err != nil {
			t.Fatal(err)
		}
		receive(t, sent)
		eventually(t, "the outbox is empty", func() bool { _, waiting, _ := b.counts(t); return waiting == 0 })
		for _, span := range b.memory.Spans() {
			t.Errorf("there is a span %s without a conversation", span.Name)
		}
	})
}
