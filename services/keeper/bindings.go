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
	"traceria/telemetry"

	"github.com/rabbitmq/amqp091-go"
)

// bindings lists the bindings of a virtual host through the management API
// (https://www.rabbitmq.com/docs/http-api-reference). AMQP can declare a binding and cannot look for it.
type bindings struct {
	url      string
	user     string
	password string
	client   http.Client
	err      error // the reason why the bindings cannot be listed
}

// lookTimeout limits one request to the management API.
const lookTimeout = 3 * time.Second

var errNoManagement = errors.New("there is no management API (RABBITMQ_MANAGEMENT_URL)")

// newBindings lists the bindings of the virtual host of amqpURL. If managementURL has no user, it uses that of amqpURL.
func newBindings(managementURL, amqpURL string) *bindings {
	if managementURL == "" {
		return &bindings{err: errNoManagement}
	}
	uri, err := amqp091.ParseURI(amqpURL)
	if err != nil {
		return &bindings{err: errors.New("AMQP_URL cannot be read")} // dialling explains why, without the password
	}
	api, err := url.Parse(managementURL)
	if err != nil {
		return &bindings{err: errors.New("the URL of the management API cannot be read")}
	}
	b := &bindings{user: uri.Username, password: uri.Password, client: http.Client{Timeout: lookTimeout}}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		b.client.Transport = usual.Clone() // so that close can close its connections
	}
	if api.User != nil {
		b.user = api.User.Username()
		b.password, _ = api.User.Password()
	}
	api.User = nil
	b.url = strings.TrimSuffix(api.String(), "/") + "/api/bindings/" + url.PathEscape(uri.Vhost) + "?columns=source,destination,routing_key"
	return b
}

// on returns a list of the bindings of exactly the broker of the connection. It declares an exclusive queue as a witness: the
// management API of another broker does not list it.
func (b *bindings) on(conn *amqp091.Connection) (*bindingsOf, error) {
	if b.err != nil {
		return nil, b.err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	defer func() { _ = ch.Close() }()
	witness, err := ch.QueueDeclare("", false, true, true, false, nil) // deleted with the connection
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url, nil)
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(b.user, b.password)
	response, err := b.client.Do(request)
	if err != nil {
		return nil, telemetry.WithoutURL(err)
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

// close closes idle connections.
func (b *bindings) close() { b.client.CloseIdleConnections() }

func namesOf(all []topology.Binding) []string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.String()
	}
	return names
}
