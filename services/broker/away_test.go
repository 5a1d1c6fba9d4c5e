package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker/brokertest"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// The broker crashes. Confirmed messages are on its disk, unconfirmed ones are sent again, and both sides reconnect.
func TestABrokerThatCrashesAndComesBackLosesNothing(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	b := brokertest.At(t, server.URL)
	var mu sync.Mutex
	seen := map[string]bool{}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(seen) }
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		mu.Lock()
		defer mu.Unlock()
		seen[e.Metadata.ConversationID] = true
		return nil
	})
	topology := b.Apply(t, s)
	// RabbitMQ 3.10 stores the list of its quorum queues every three minutes and at a regular stop. A queue that was declared
	// shortly before a crash loses its log.
	if err := errors.Join(server.Stop(), server.Start()); err != nil {
		t.Fatal(err)
	}
	// There is no consumer yet: these messages are in the queue when the broker crashes.
	p := b.Publisher(t, topology)
	for i := range 20 {
		brokertest.Send(t, p, brokertest.Outgoing(t, fmt.Sprint("before-", i)))
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "the publisher notices", func() bool { return p.Ready() != nil })
	c, _ := b.Consumer(t, s) // it starts without a broker
	sent := make(chan error, 1)
	go func() { // repeat until the broker has it, as the relay does
		ctx, cancel := context.WithTimeout(context.Background(), brokertest.Deadline)
		defer cancel()
		for {
			err := p.Publish(ctx, []event.Outgoing{brokertest.Outgoing(t, "during")})[0]
			if err == nil || !errors.Is(err, event.ErrBrokerAway) || ctx.Err() != nil {
				sent <- err
				return
			}
		}
	}()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := brokertest.Receive(t, sent); err != nil {
		t.Errorf("the event sent during the outage: %v", err)
	}
	brokertest.Ready(t, p, c)
	brokertest.Send(t, p, brokertest.Outgoing(t, "after"))
	brokertest.Eventually(t, "every event was handled", func() bool { return count() == 22 })
	log := b.Log.String()
	if n := lines(log, "waiting for RabbitMQ"); n != 2 {
		t.Errorf("waiting is mentioned %d times, want once for each connection:\n%s", n, log)
	}
	if n := lines(log, "RabbitMQ is there"); n != 2 {
		t.Errorf("the return is mentioned %d times, want once for each connection:\n%s", n, log)
	}
}

func lines(log, with string) (n int) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, with) {
			n++
		}
	}
	return n
}

const secret = "hunter2"

// withSecret is the URL of a broker with a wrong password.
func withSecret(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("guest", secret)
	return u.String()
}

func TestABrokerThatStaysAwayIsMentionedOnceAndThePasswordNever(t *testing.T) {
	t.Parallel()
	line := newProxy(t, withSecret(t, "amqp://127.0.0.1:1/")) // it closes every connection
	b := brokertest.At(t, line.url)
	p := b.Publisher(t, topology.Topology{})
	brokertest.Eventually(t, "it tried several times", func() bool { return line.connections() >= 4 })
	log := b.Log.String()
	if n := lines(log, "waiting for RabbitMQ"); n != 1 {
		t.Errorf("it is mentioned %d times:\n%s", n, log)
	}
	if strings.Contains(log, secret) || strings.Contains(p.Ready().Error(), secret) {
		t.Errorf("the password is in the log or in %v:\n%s", p.Ready(), log)
	}
}

func TestARefusedPasswordIsNotRepeated(t *testing.T) {
	t.Parallel()
	conn, err := wire.Dial(t.Context(), withSecret(t, rabbitmqtest.Shared(t).URL), "test")
	if err == nil {
		_ = conn.Close()
		t.Fatal("any password will do")
	}
	if !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), secret) {
		t.Errorf("got %v", err)
	}
}

func TestAServicePublishesAndConsumesOverDifferentConnections(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { return nil })
	p := b.Publisher(t, b.Apply(t, s))
	c, _ := b.Consumer(t, s)
	brokertest.Ready(t, c, p)
	u, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := rabbitmqtest.Shared(t)
	var names []string
	brokertest.Eventually(t, "the management API shows two connections", func() bool {
		var found []struct {
			Properties struct {
				Name string `json:"connection_name"`
			} `json:"client_properties"`
		}
		if err := json.Unmarshal(server.Manage(t, http.MethodGet, "/api/vhosts"+u.Path+"/connections", ""), &found); err != nil {
			t.Fatal(err)
		}
		names = nil
		for _, connection := range found {
			names = append(names, connection.Properties.Name)
		}
		slices.Sort(names)
		return len(names) == 2
	})
	if diff := cmp.Diff([]string{"test consume", "test publish"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
