package topology

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
)

// Definitions is a RabbitMQ definitions file (https://www.rabbitmq.com/docs/definitions). The broker loads it at its start,
// before clients can connect. With such a file RabbitMQ makes no default user and virtual host, so the file has them.
type Definitions struct {
	Users            []user            `json:"users"`
	VHosts           []vhost           `json:"vhosts"`
	Permissions      []permission      `json:"permissions"`
	TopicPermissions []topicPermission `json:"topic_permissions"`
	Exchanges        []exchange        `json:"exchanges"`
	Queues           []queue           `json:"queues"`
	Bindings         []binding         `json:"bindings"`
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

type topicPermission struct {
	User     string `json:"user"`
	VHost    string `json:"vhost"`
	Exchange string `json:"exchange"`
	Write    string `json:"write"`
	Read     string `json:"read"`
}

type exchange struct {
	Name       string         `json:"name"`
	VHost      string         `json:"vhost"`
	Type       string         `json:"type"`
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"auto_delete"`
	Internal   bool           `json:"internal"`
	Arguments  map[string]any `json:"arguments"`
}

type queue struct {
	Name       string         `json:"name"`
	VHost      string         `json:"vhost"`
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"auto_delete"`
	Arguments  map[string]any `json:"arguments"`
}

type binding struct {
	Source          string         `json:"source"`
	VHost           string         `json:"vhost"`
	Destination     string         `json:"destination"`
	DestinationType string         `json:"destination_type"`
	RoutingKey      string         `json:"routing_key"`
	Arguments       map[string]any `json:"arguments"`
}

// root is the default virtual host.
const root = "/"

// Definitions returns the topology as a definitions file without secrets. The user guest has its well-known password, which
// RabbitMQ accepts on loopback only. The users of the services and of the console have no password, so that no login is possible;
// [Topology.WriteCredentials] makes a file with passwords.
func (t Topology) Definitions() Definitions {
	users := []user{{Name: guest, Hash: hash(publicSalt, guest), Algorithm: hashing, Tags: []string{administrator}}}
	for _, name := range t.Users() {
		users = append(users, user{Name: name, Algorithm: hashing, Tags: []string{}})
	}
	users = append(users, user{Name: Console, Algorithm: hashing, Tags: []string{monitor}})
	return t.definitions(users)
}

// definitions returns the topology with these users.
func (t Topology) definitions(users []user) Definitions {
	d := Definitions{Users: users, VHosts: []vhost{{root}}, TopicPermissions: []topicPermission{}}
	services := t.Users()
	for _, u := range users {
		switch {
		case slices.Contains(services, u.Name):
			d.Permissions = append(d.Permissions, t.permission(u.Name))
			d.TopicPermissions = append(d.TopicPermissions, t.topicPermissions(u.Name)...)
		case u.Name == Console:
			d.Permissions = append(d.Permissions, t.consolePermission())
		case slices.Contains(u.Tags, administrator):
			d.Permissions = append(d.Permissions, permission{u.Name, root, ".*", ".*", ".*"})
		default:
			d.Permissions = append(d.Permissions, permission{u.Name, root, nothing, nothing, nothing})
		}
	}
	l := t.Layout()
	for _, x := range l.Exchanges {
		d.Exchanges = append(d.Exchanges, exchange{x.Name, root, x.Kind, true, false, false, map[string]any{}})
	}
	for _, q := range l.Queues {
		d.Queues = append(d.Queues, queue{q.Name, root, true, false, q.Arguments})
	}
	for _, b := range l.Bindings {
		d.Bindings = append(d.Bindings, binding{b.Exchange, root, b.Queue, "queue", b.Key, map[string]any{}})
	}
	return d
}

// JSON is the text of the file. It is the same for the same topology.
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

const (
	administrator = "administrator"
	hashing       = "rabbit_password_hashing_sha256"
	saltLength    = 4
)

// publicSalt is the salt of the well-known password. It is fixed, so that the file is reproducible.
var publicSalt = [saltLength]byte{'s', 'a', 'l', 't'}

// hash is a password hash of RabbitMQ (https://www.rabbitmq.com/docs/passwords): the salt, then SHA-256 of salt and password.
// One round of SHA-256 is enough for our passwords, which are 256 random bits.
func hash(salt [saltLength]byte, password string) string {
	digest := sha256.Sum256(append(salt[:], password...))
	return base64.StdEncoding.EncodeToString(append(salt[:], digest[:]...))
}
