package keeper

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/management"
	"traceria/services/topology"
)

// bindings lists the bindings of a virtual host through the management API. AMQP can declare a binding and cannot look for it.
type bindings struct{ api *management.Client }

// newBindings lists the bindings of the virtual host of amqpURL. If managementURL has no user, it uses that of amqpURL.
func newBindings(managementURL, amqpURL string) *bindings {
	return &bindings{management.New(managementURL, amqpURL)}
}

// Witness is the beginning of the name of an exclusive queue that a broker has while a keeper is connected to it. A user who may
// read the management API sees by it that the topology is restored.
const Witness = "traceria.topology.watch."

// on returns a list of the bindings of exactly the broker of the connection. It declares an exclusive queue as a witness: the
// management API of another broker does not list it.
func (b *bindings) on(conn *amqp091.Connection) (*bindingsOf, error) {
	if err := b.api.Err(); err != nil {
		return nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	// It is deleted with the connection.
	witness, err := ch.QueueDeclare(Witness+uuid.NewString(), false, true, true, false, nil)
	if err != nil {
		return nil, fmt.Errorf("declare a queue of the connection's own: %w", err)
	}
	return &bindingsOf{b, witness.Name}, nil
}

// bindingsOf lists the bindings of one broker.
type bindingsOf struct {
	*bindings
	witness string
}

// missing returns the bindings of want that the broker does not have, or an error if they cannot be listed.
func (b *bindingsOf) missing(ctx context.Context, want []topology.Binding) ([]topology.Binding, error) {
	there, err := b.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the bindings: %w", err)
	}
	if !there[topology.Binding{Key: b.witness, Queue: b.witness}] { // every queue is bound to the default exchange
		return nil, errors.New("the management API is that of another broker")
	}
	var missing []topology.Binding
	for _, one := range want {
		if !there[one] {
			missing = append(missing, one)
		}
	}
	return missing, nil
}

// listed is a binding as the management API lists it.
type listed struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	RoutingKey  string `json:"routing_key"`
}

func (b *bindings) list(ctx context.Context) (map[topology.Binding]bool, error) {
	var all []listed
	if err := b.api.Get(ctx, "bindings/"+b.api.VHost()+"?columns=source,destination,routing_key", &all); err != nil {
		return nil, err
	}
	there := make(map[topology.Binding]bool, len(all))
	for _, one := range all {
		there[topology.Binding{Exchange: one.Source, Key: one.RoutingKey, Queue: one.Destination}] = true
	}
	return there, nil
}

// close closes idle connections.
func (b *bindings) close() { b.api.Close() }

func namesOf(all []topology.Binding) []string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.String()
	}
	return names
}
