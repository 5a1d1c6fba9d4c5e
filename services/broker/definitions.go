package broker

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/rabbitmq/amqp091-go"
)

// Definitions is a RabbitMQ definitions file (https://www.rabbitmq.com/docs/definitions), loaded by the broker
// at its start: the whole topology stands before anybody can publish. With such a file RabbitMQ makes no
// default user and virtual host, so they are in it too.
type Definitions struct {
	Users       []user       `json:"users"`
	VHosts      []vhost      `json:"vhosts"`
	Permissions []permission `json:"permissions"`
	Exchanges   []exchange   `json:"exchanges"`
	Queues      []queue      `json:"queues"`
	Bindings    []binding    `json:"bindings"`
}

type user struct {
	Name      string   `json:"name"`
	Hash      string   `json:"password_hash"`
	Algorithm string   `json:"hashing_algorithm"`
	Tags      []string `json:"tags"`
}

type vhost struct {
	Name string `json:"name"`
}

type permission struct {
	User      string `json:"user"`
	VHost     string `json:"vhost"`
	Configure string `json:"configure"`
	Write     string `json:"write"`
	Read      string `json:"read"`
}

type exchange struct {
	Name       string        `json:"name"`
	VHost      string        `json:"vhost"`
	Type       string        `json:"type"`
	Durable    bool          `json:"durable"`
	AutoDelete bool          `json:"auto_delete"`
	Internal   bool          `json:"internal"`
	Arguments  amqp091.Table `json:"arguments"`
}

type queue struct {
	Name       string        `json:"name"`
	VHost      string        `json:"vhost"`
	Durable    bool          `json:"durable"`
	AutoDelete bool          `json:"auto_delete"`
	Arguments  amqp091.Table `json:"arguments"`
}

type binding struct {
	Source          string        `json:"source"`
	VHost           string        `json:"vhost"`
	Destination     string        `json:"destination"`
	DestinationType string        `json:"destination_type"`
	RoutingKey      string        `json:"routing_key"`
	Arguments       amqp091.Table `json:"arguments"`
}

// Definitions is the topology as a definitions file. guest can be used from the broker's own host only, as
// everywhere; traceria is what the containers use on a network of their own.
func (t Topology) Definitions() Definitions {
	const root = "/"
	d := Definitions{
		Users: []user{
			newUser("guest", "guest", "administrator"),
			newUser("traceria", "traceria", "administrator"),
		},
		VHosts: []vhost{{root}},
		Permissions: []permission{
			{"guest", root, ".*", ".*", ".*"},
			{"traceria", root, ".*", ".*", ".*"},
		},
	}
	l := t.layout()
	for _, x := range l.exchanges {
		d.Exchanges = append(d.Exchanges, exchange{x.name, root, x.kind, true, false, false, amqp091.Table{}})
	}
	for _, q := range l.queues {
		d.Queues = append(d.Queues, queue{q.name, root, true, false, q.arguments})
	}
	for _, b := range l.bindings {
		d.Bindings = append(d.Bindings, binding{b.exchange, root, b.queue, "queue", b.key, amqp091.Table{}})
	}
	return d
}

// JSON is the file's text, the same for the same topology.
func (d Definitions) JSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("write the definitions: %w", err)
	}
	return out.Bytes(), nil
}

// newUser hashes the password as RabbitMQ does (https://www.rabbitmq.com/docs/passwords): salt, then
// SHA-256 of salt and password. The salt is made from the name, so that the file is the same each time; the
// passwords are public anyway.
func newUser(name, password string, tags ...string) user {
	salted := sha256.Sum256([]byte(name))
	salt := salted[:4]
	digest := sha256.Sum256(append(bytes.Clone(salt), password...))
	return user{
		Name:      name,
		Hash:      base64.StdEncoding.EncodeToString(append(bytes.Clone(salt), digest[:]...)),
		Algorithm: "rabbit_password_hashing_sha256",
		Tags:      tags,
	}
}
