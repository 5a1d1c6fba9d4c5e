package broker_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

const nowhere = "http://guest:guest@127.0.0.1:1"

func TestABorrowedPlaceIsOneOfItsOwnAndGoesAwayAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Shared(t)
	lent, back, err := broker.Borrow(t.Context(), server.URL, server.ManagementURL, "test-borrowed", broker.Topology{})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(lent); err != nil || u.Path != "/test-borrowed" {
		t.Errorf("borrowed %s, %v", lent, err)
	}
	bundleAt(t, lent).apply(t, boxed(nil))
	back()
	if conn, err := broker.Dial(t.Context(), lent, "test"); err == nil {
		_ = conn.Close()
		t.Error("the borrowed place is still there")
	}
}

func TestWithoutAManagementAPIAnUnusedPlaceIsTaken(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	lent, back, err := broker.Borrow(t.Context(), b.url, nowhere, "test-unused", b.apply(t, boxed(nil)))
	if err != nil || lent != b.url {
		t.Fatalf("got %s, %v; want %s", lent, err, b.url)
	}
	back()
}

func TestAPlaceWhereWorkIsDoneIsNotLent(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	s := boxed(func(context.Context, event.Envelope) error { return nil })
	c, stop := b.consumer(t, s)
	ready(t, c)
	topology := broker.Topology{Subscriptions: []broker.Subscription{s}}
	refused := func(why string) {
		t.Helper()
		_, _, err := broker.Borrow(t.Context(), b.url, nowhere, "test-busy", topology)
		if err == nil || !strings.Contains(err.Error(), "queue delivery.order-boxed") {
			t.Errorf("with %s: got %v, want an error that names the queue", why, err)
		}
	}
	refused("a consumer")
	stop()
	send(t, b.publisher(t, topology), outgoing(t, "o-1"))
	refused("a message")
}
