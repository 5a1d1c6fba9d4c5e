package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// request runs work under the span of a request and returns the other spans.
func (b *bundle) request(t *testing.T, work func(ctx context.Context)) []tracetree.Span {
	t.Helper()
	before := len(b.memory.Spans())
	ctx, request := b.tel.TracerProvider.Tracer("test").Start(t.Context(), "request")
	work(telemetry.WithConversation(ctx, "o-1"))
	request.End()
	spans := b.memory.Spans()[before:]
	for _, span := range spans[:len(spans)-1] {
		if span.ParentID != request.SpanContext().SpanID().String() || span.Attributes["traceria.conversation"] != "o-1" {
			t.Errorf("%s: parent %s, conversation %v; want the request's", span.Name, span.ParentID, span.Attributes["traceria.conversation"])
		}
	}
	return spans[:len(spans)-1] // the request's ends last
}

// only returns the one span that work makes.
func (b *bundle) only(t *testing.T, work func(ctx context.Context)) tracetree.Span {
	t.Helper()
	spans := b.request(t, work)
	if len(spans) != 1 {
		t.Fatalf("%d spans, want one: %v", len(spans), names(spans))
	}
	return spans[0]
}

func names(spans []tracetree.Span) []string {
	var all []string
	for _, span := range spans {
		all = append(all, span.Name)
	}
	return all
}

func milliseconds(t *testing.T, span tracetree.Span, key string) time.Duration {
	t.Helper()
	ms, ok := span.Attributes[key].(float64)
	if !ok {
		t.Errorf("%s: %s is %v (%T), want a number of milliseconds", span.Name, key, span.Attributes[key], span.Attributes[key])
	}
	return time.Duration(ms * float64(time.Millisecond))
}

func TestATransactionIsOneSpan(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		span := b.only(t, func(ctx context.Context) {
			if err := b.place(ctx, "o-1"); err != nil {
				t.Error(err)
			}
		})
		if span.Name != "INSERT orders + outbox" || span.Kind != "client" || span.Status != "" {
			t.Errorf("got %s, kind %s, status %q", span.Name, span.Kind, span.Status)
		}
		want := b.described(t)
		want["db.query.summary"] = span.Name
		want["db.operation.name"] = "INSERT"
		want["traceria.db.statements"] = "2"
		want["traceria.db.operations"] = "[INSERT orders INSERT outbox]"
		for key, value := range want {
			if got := fmt.Sprint(span.Attributes[key]); got != value {
				t.Errorf("%s is %s, want %s", key, got, value)
			}
		}
		for _, key := range []string{"db.collection.name", "db.operation.batch.size", "error.type", "traceria.db.runs"} {
			if value, there := span.Attributes[key]; there {
				t.Errorf("%s is %v, want none", key, value)
			}
		}
		text, _ := span.Attributes["db.query.text"].(string)
		first, second, found := strings.Cut(text, "; ")
		if !found || first != "INSERT INTO orders (id) VALUES ($1)" || !strings.HasPrefix(second, "INSERT INTO outbox (") {
			t.Errorf("db.query.text is %s", text)
		}
		wait, commit, slowest := milliseconds(t, span, "traceria.db.wait_ms"), milliseconds(t, span, "traceria.db.commit_ms"),
			milliseconds(t, span, "traceria.db.slowest_ms")
		if commit <= 0 || slowest <= 0 || wait+commit+slowest > span.Duration {
			t.Errorf("waited %s, slowest statement %s, commit %s, of %s", wait, slowest, commit, span.Duration)
		}
	})
}

func TestATransactionIsNamedByWhatItWrites(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		for _, c := range []struct {
			want       string
			statements []string
		}{
			{"SELECT orders", []string{`SELECT COUNT(*) FROM inbox`, `SELECT id FROM orders`}},
			{"SELECT inbox", []string{`SELECT COUNT(*) FROM inbox`}},
			{"INSERT inbox", []string{`INSERT INTO inbox (subscription, source, event_id, handled_at) VALUES ('s', 'urn:test', 'e-1', 0)`, `SELECT id FROM orders`}},
			{"UPDATE orders", []string{
				`INSERT INTO inbox (subscription, source, event_id, handled_at) VALUES ('s', 'urn:test', 'e-2', 0)`,
				`INSERT INTO orders (id) VALUES ('o-2') ON CONFLICT DO NOTHING`, `SELECT id FROM orders`, `UPDATE orders SET id = id`,
			}},
			{"DELETE orders + resend", []string{"\n\tdelete from orders", `UPDATE resend SET done_to = 0`, `UPDATE orders SET id = id`}},
			{"UPDATE resend + orders", []string{`UPDATE resend SET done_to = 0`, `INSERT INTO orders(id) VALUES ('o-3')`}},
			{"UPDATE resend + orders + outbox", []string{
				`UPDATE resend SET done_to = 0`, `UPDATE outbox SET attempts = 0`, `DELETE FROM orders`,
			}},
			{"UPDATE outbox + orders", []string{`UPDATE outbox SET attempts = 0`, `DELETE FROM orders`}},
			{"SELECT orders", []string{`SELECT id, (SELECT COUNT(*) FROM inbox), EXISTS (SELECT 1 FROM resend) FROM orders`}},
			{"SELECT inbox", []string{`SELECT EXISTS (SELECT 1 FROM inbox)`}},
			{"BEGIN", nil},
		} {
			span := b.only(t, func(ctx context.Context) {
				if err := b.Do(ctx, func(tx *store.Tx) error {
					for _, statement := range c.statements {
						if _, err := tx.ExecContext(ctx, statement); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
			if span.Name != c.want {
				t.Errorf("%q is named %s, want %s", c.statements, span.Name, c.want)
			}
		}
	})
}

func TestAReadOutsideATransactionIsOneSpan(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		for tracing, want := range map[store.Tracing][]string{
			store.TraceTransactions: {"SELECT orders", "SELECT inbox"},
			store.TraceStatements:   {"SELECT orders", "SELECT inbox"},
			store.TraceOff:          nil,
		} {
			b.trace(tracing)
			got := names(b.request(t, func(ctx context.Context) {
				var n int
				if err := b.QueryRowContext(ctx, `SELECT COUNT(*) FROM orders`).Scan(&n); err != nil {
					t.Error(err)
				}
				rows, err := b.QueryContext(ctx, `SELECT event_id FROM inbox`)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(rows.Close(), rows.Err()); err != nil {
					t.Error(err)
				}
			}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", tracing, diff)
			}
		}
	})
}

// The choice is made for each transaction. It can change while the service runs, and can depend on the order.
func TestTheSpansAreChosenForEachTransaction(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		choices := []store.Tracing{store.TraceOff, store.TraceStatements, store.TraceTransactions}
		b.TakePart(store.Seams{Tracing: func(ctx context.Context) store.Tracing {
			if telemetry.Conversation(ctx) != "o-1" {
				t.Error("the choice does not know the conversation")
			}
			next := choices[0]
			choices = choices[1:]
			return next
		}})
		got := names(b.request(t, func(ctx context.Context) {
			for _, id := range []string{"o-1", "o-2", "o-3"} {
				if err := b.place(ctx, id); err != nil {
					t.Error(err)
				}
			}
		}))
		want := []string{"BEGIN", "INSERT orders", "INSERT outbox", "COMMIT", "INSERT orders + outbox"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestATransactionThatFailsSaysSo(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		exec(t, b, `INSERT INTO orders (id) VALUES ('twice')`)
		insert := func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES ('twice')`)
			return err
		}
		primaryKey := "1555" // SQLITE_CONSTRAINT_PRIMARYKEY
		if b.postgres() {
			primaryKey = "23505" // unique_violation
		}
		over := func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}
		for name, c := range map[string]struct {
			do                  func(ctx context.Context)
			span, kind, message string
		}{
			"a constraint": {func(ctx context.Context) {
				_ = b.Do(ctx, func(tx *store.Tx) error { return insert(ctx, tx) })
			}, "INSERT orders", primaryKey, "rolled back: "},
			"the service's own error": {func(ctx context.Context) {
				_ = b.Do(ctx, func(tx *store.Tx) error {
					_, err := tx.Received(event.WithReceipt(ctx, "s", event.Envelope{}))
					return errors.Join(err, fmt.Errorf("cook: %w", tooSalty{}))
				})
			}, "SELECT inbox", "too_salty", "rolled back: cook: too salty"},
			"a panic": {func(ctx context.Context) {
				defer func() { _ = recover() }()
				_ = b.Do(ctx, func(*store.Tx) error { panic("a bug") })
			}, "BEGIN", "panic", "rolled back: the function that ran in the transaction panicked"},
			"an end before it begins": {func(ctx context.Context) {
				_ = b.Do(over(ctx), func(*store.Tx) error { return nil })
			}, "BEGIN", "canceled", "begin transaction: "},
		} {
			span := b.only(t, c.do)
			if span.Name != c.span || span.Status != "error" || span.Attributes["error.type"] != c.kind || !strings.HasPrefix(span.StatusMessage, c.message) {
				t.Errorf("%s: %s, status %q, error.type %v, %q", name, span.Name, span.Status, span.Attributes["error.type"], span.StatusMessage)
			}
			if _, committed := span.Attributes["traceria.db.commit_ms"]; committed {
				t.Errorf("%s: it has the time of a commit", name)
			}
		}
	})
}

type tooSalty struct{}

func (tooSalty) Error() string     { return "too salty" }
func (tooSalty) ErrorType() string { return "too_salty" }

// A function after the commit may end the process (order.dual-write). The span must have ended by then.
func TestTheSpanEndsBeforeWhatFollowsTheCommit(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		var then []string
		b.TakePart(store.Seams{Publishing: func(context.Context, event.Type) func() {
			return func() { then = names(b.memory.Spans()) }
		}})
		b.only(t, func(ctx context.Context) {
			if err := b.place(ctx, "o-1"); err != nil {
				t.Error(err)
			}
		})
		if diff := cmp.Diff([]string{"INSERT orders"}, then); diff != "" {
			t.Errorf("ended spans after the commit (-want +got)\n%s", diff)
		}
	})
}
