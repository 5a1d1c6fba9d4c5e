package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"traceria/services/topology"

	"github.com/rabbitmq/amqp091-go"
)

// bindings looks at the bindings of a virtual host, which AMQP can declare and not look at: it asks the management API
// (https://www.rabbitmq.com/docs/http-api-reference).
type bindings struct {
	url      string
	user     string
	password string
	client   http.Client
	err      error // why it cannot look
}

// lookTimeout is how long the management API may take to list the bindings.
const lookTimeout = 3 * time.Second

var errNoManagement = errors.New("there is no management API (RABBITMQ_MANAGEMENT_URL)")

// newBindings looks at the virtual host of amqpURL. A managementURL without a user means that of amqpURL.
func newBindings(managementURL, amqpURL string) *bindings {
	if managementURL == "" {
		return &bindings{err: errNoManagement}
	}
	uri, err := amqp091.ParseURI(amqpURL)
	if err != nil {
		return &bindings{err: errors.New("AMQP_URL cannot be read")} // which dialling explains, without the password
	}
	api, err := url.Parse(managementURL)
	if err != nil {
		return &bindings{err: errors.New("the URL of the management API cannot be read")}
	}
	b := &bindings{user: uri.Username, password: uri.Password, client: http.Client{Timeout: lookTimeout}}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		b.client.Transport = usual.Clone() // connections that close gives back
	}
	if api.User != nil {
		b.user = api.User.Username()
		b.password, _ = api.User.Password()
	}
	api.User = nil
	b.url = strings.TrimSuffix(api.String(), "/") + "/api/bindings/" + url.PathEscape(uri.Vhost) + "?columns=source,destination,routing_key"
	return b
}

// on is a look at the bindings of the broker at the other end of the connection, and of no other that the management API
// may belong to: a queue of the connection's own must be among what the API lists.
func (b *bindings) on(conn *amqp091.Connection) (*bindingsOf, error) {
	if b.err != nil {
		return nil, b.err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	witness, err := ch.QueueDeclare("", false, true, true, false, nil) // it goes with the connection
	if err != nil {
		return nil, fmt.Errorf("declare a queue of the connection's own: %w", err)
	}
	return &bindingsOf{b, witness.Name}, nil
}

// bindingsOf looks at one broker.
type bindingsOf struct {
	*bindings
	witness string
}

// missing returns those that the broker does not have, or an error when that cannot be known.
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(b.user, b.password)
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the management API answers %s", response.Status)
	}
	var all []listed
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		return nil, fmt.Errorf("read the answer of the management API: %w", err)
	}
	there := make(map[topology.Binding]bool, len(all))
	for _, one := range all {
		there[topology.Binding{Exchange: one.Source, Key: one.RoutingKey, Queue: one.Destination}] = true
	}
	return there, nil
}

// close gives the connections back.
func (b *bindings) close() { b.client.CloseIdleConnections() }

func namesOf(all []topology.Binding) []string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.String()
	}
	return names
}
