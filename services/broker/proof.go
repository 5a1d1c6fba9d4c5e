package broker

import (
	"context"
	"fmt"
	"slices"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/wire"
	"traceria/services/topology"
)

// proofType is the type of the messages that ask whether a subscription stands. No queue keeps one.
const proofType = "traceria.proof"

// unproven returns the names of what the events of t need and the broker does not have, as far as their publisher may
// know: it looks at the exchanges, and asks for the proof of each queue ([topology.Subscription.ProofKey]).
func unproven(ctx context.Context, conn *wire.Connection, t topology.Topology) ([]string, error) {
	missing, err := visiblyMissing(conn, t.Entrances())
	if err != nil {
		return nil, err
	}
	ch, err := confirming(conn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = ch.Close() }()
	answers := make([]*amqp091.DeferredConfirmation, len(t.Subscriptions))
	for i, s := range t.Subscriptions {
		if slices.Contains(missing, topology.Exchange{Name: s.Event.Exchange}.String()) {
			continue
		}
		if answers[i], err = askProof(ctx, ch, s); err != nil {
			return nil, err
		}
	}
	for i, answer := range answers {
		acked := answer == nil // without its exchange, a queue gets nothing
		if answer != nil {
			if acked, err = answer.WaitContext(ctx); err != nil {
				return nil, fmt.Errorf("ask for queue %s: %w", t.Subscriptions[i].Queue(), err)
			}
		}
		if ch.IsClosed() { // the confirms that are open count as nacks then
			return nil, fmt.Errorf("ask for queue %s: %w", t.Subscriptions[i].Queue(), amqp091.ErrClosed)
		}
		if acked {
			missing = append(missing, topology.Queue{Name: t.Subscriptions[i].Queue()}.String())
		}
	}
	return missing, nil
}

// askProof publishes to the proof key. The message expires at once: a queue from outside that is bound to every key does
// not fill with such messages.
func askProof(ctx context.Context, ch *amqp091.Channel, s topology.Subscription) (*amqp091.DeferredConfirmation, error) {
	answer, err := ch.PublishWithDeferredConfirmWithContext(ctx, s.Event.Exchange, s.ProofKey(), false, false,
		amqp091.Publishing{Type: proofType, Expiration: "0"})
	if err != nil {
		return nil, fmt.Errorf("ask for queue %s: %w", s.Queue(), err)
	}
	return answer, nil
}
