package failures

import (
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// deadLetters returns the number of dead letters of the subscription.
func (st *stage) deadLetters(t *testing.T, subscription string) (n int) {
	t.Helper()
	st.WithChannel(t, func(ch *amqp091.Channel) {
		q, err := ch.QueueDeclarePassive(subscription+".dead", true, false, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		n = q.Messages
	})
	return n
}

// awaitDeadLetters waits until the service's subscription to OrderConfirmed has so many dead letters.
func (st *stage) awaitDeadLetters(t *testing.T, service string, letters int) {
	t.Helper()
	queue := service + ".order-confirmed"
	st.Await(t, 20*time.Second, "the dead letters of "+queue, func() bool { return st.deadLetters(t, queue) == letters })
}

// wantDeadShow asserts that `traceria dead show` prints want for the subscription.
func (st *stage) wantDeadShow(t *testing.T, subscription, want string) {
	t.Helper()
	out, err := st.TraceriaWith(append(st.Environment(t, "order"), st.As(t, "operator")...), "dead", "show", subscription)
	if err != nil || !strings.Contains(out, want) {
		t.Errorf("dead show %s has no %q: %v\n%s", subscription, want, err, out)
	}
}

// wantDeadLetter checks that the service made one attempt at the sent message, which failed and has a send to its dead
// letters below it.
func wantDeadLetter(tree *tracetree.Tree, send tracetree.Span, service string, key failure.Key) string {
	attempts := children(tree, send, ":"+service+".order-confirmed")
	if fault := wantSpans("of "+service, attempts, 1); fault != "" {
		return fault
	}
	if attempts[0].Status != tracetree.StatusError {
		return attempts[0].Name + " has the status " + attempts[0].Status
	}
	letters := children(tree, attempts[0], "")
	if fault := wantSpans("under the attempt", letters, 1); fault != "" {
		return fault
	}
	if !strings.HasPrefix(letters[0].Name, "send "+service+".dead:") {
		return letters[0].Name + " is no send to the dead letters"
	}
	return firstFault(wantInjected(attempts[0], key), wantAttribute(attempts[0], "traceria.message.settled", "dead"), wantAttribute(attempts[0], "traceria.delivery.attempt", int64(1)))
}

// redrive runs `traceria dead redrive` for the subscription.
func (st *stage) redrive(t *testing.T, subscription string) {
	t.Helper()
	if out, err := st.TraceriaWith(append(st.Environment(t, "order"), st.As(t, "operator")...), "dead", "redrive", subscription); err != nil {
		t.Fatalf("redrive %s: %v\n%s", subscription, err, out)
	}
}
