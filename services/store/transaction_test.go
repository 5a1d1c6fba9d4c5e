package store_test

import (
	"context"
	"errors"
	"testing"

	"traceria/services/event"
	"traceria/services/store"
)

func TestAnOrderAndItsEventAreStoredTogether(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		if err := b.place(t.Context(), "o-1"); err != nil {
			t.Fatal(err)
		}
		if orders, waiting, _ := b.counts(t); orders != 1 || waiting != 1 {
			t.Errorf("%d orders and %d events, want one of each", orders, waiting)
		}
	})
}

func TestARolledBackOrderLeavesNoEvent(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		changedMind := errors.New("changed my mind")
		err := b.Do(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ('o-1')`); err != nil {
				return err
			}
			if err := tx.Publish(t.Context(), event.OrderBoxed{OrderID: "o-1"}); err != nil {
				return err
			}
			return changedMind
		})
		if !errors.Is(err, changedMind) {
			t.Errorf("got %v, want what the function returned", err)
		}
		if orders, waiting, _ := b.counts(t); orders != 0 || waiting != 0 {
			t.Errorf("%d orders and %d events, want none", orders, waiting)
		}
	})
}

func TestAnInvalidEventRollsTheOrderBack(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		if err := b.place(t.Context(), ""); err == nil {
			t.Error("an event without an order id is accepted")
		}
		if orders, waiting, _ := b.counts(t); orders != 0 || waiting != 0 {
			t.Errorf("%d orders and %d events, want none", orders, waiting)
		}
	})
}

// SQLite has one connection: a transaction that is never ended would stop the service for ever.
func TestAPanicRollsBackAndTheDatabaseGoesOn(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = b.Do(t.Context(), func(tx *store.Tx) error {
				if _, err := tx.ExecContext(t.Context(), `INSERT INTO orders (id) VALUES ('o-1')`); err != nil {
					return err
				}
				panic("a bug in a handler")
			})
		}()
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		defer cancel()
		if err := b.place(ctx, "o-2"); err != nil {
			t.Fatal(err)
		}
		if orders, waiting, _ := b.counts(t); orders != 1 || waiting != 1 {
			t.Errorf("%d orders and %d events, want the second order's only", orders, waiting)
		}
	})
}

func TestTransactionsOfManyCallersAllCommit(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		const callers = 50
		done := make(chan error, callers)
		for i := range callers {
			go func() { done <- b.place(t.Context(), string(rune('A'+i))) }()
		}
		for range callers {
			if err := receive(t, done); err != nil {
				t.Error(err)
			}
		}
		if orders, waiting, _ := b.counts(t); orders != callers || waiting != callers {
			t.Errorf("%d orders and %d events, want %d of each", orders, waiting, callers)
		}
	})
}

func TestWhatIsStoredSurvivesReopening(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		if err := b.place(t.Context(), "o-1"); err != nil {
			t.Fatal(err)
		}
		b.reopen(t)
		if orders, waiting, _ := b.counts(t); orders != 1 || waiting != 1 {
			t.Errorf("%d orders and %d events after reopening, want one of each", orders, waiting)
		}
		sent := make(chan event.Outgoing, 1)
		b.relay(t, publisherFunc(func(o event.Outgoing) error { sent <- o; return nil }))
		got, err := event.Data[event.OrderBoxed](receive(t, sent).Envelope)
		if err != nil || got.OrderID != "o-1" {
			t.Errorf("the relay sends %+v, %v", got, err)
		}
	})
}
