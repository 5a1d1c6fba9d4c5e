// Package management reads RabbitMQ's management API (https://www.rabbitmq.com/docs/http-api-reference). It has what AMQP cannot
// say: unacked messages, rates, bindings, and the exchanges and queues that a user has no right on.
package management

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry"
)

const (
	// timeout limits one request.
	timeout = 3 * time.Second
	// largest is the limit of an answer, in bytes. A thousand queues are 200 kB.
	largest = 16 << 20
)

// ErrNone says that there is no management API.
var ErrNone = errors.New("there is no management API (RABBITMQ_MANAGEMENT_URL)")

// Client reads one management API. No error contains a password.
type Client struct {
	base, vhost    string
	user, password string
	client         http.Client
	err            error // the reason why it cannot be read
}

// New returns a client for the broker of amqpURL. If managementURL has no user, the client is the user of amqpURL, who needs the
// tag management. Wrong addresses are the errors of the requests.
func New(managementURL, amqpURL string) *Client {
	if managementURL == "" {
		return &Client{err: ErrNone}
	}
	uri, err := amqp091.ParseURI(amqpURL)
	if err != nil {
		return &Client{err: errors.New("AMQP_URL cannot be read")} // dialling explains why, without the password
	}
	api, err := url.Parse(managementURL)
	if err != nil {
		return &Client{err: errors.New("the URL of the management API cannot be read")}
	}
	c := &Client{user: uri.Username, password: uri.Password, vhost: url.PathEscape(uri.Vhost), client: http.Client{Timeout: timeout}}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		c.client.Transport = usual.Clone() // so that Close can close its connections
	}
	if api.User != nil {
		c.user = api.User.Username()
		c.password, _ = api.User.Password()
	}
	api.User = nil
	c.base = strings.TrimSuffix(api.String(), "/") + "/api/"
	return c
}

// VHost is the virtual host of the AMQP URL, escaped for a path.
func (c *Client) VHost() string { return c.vhost }

// Err is the reason why no request can succeed, or nil.
func (c *Client) Err() error { return c.err }

// Get reads a path below /api/, such as "overview?columns=cluster_name", into a value.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	if c.err != nil {
		return c.err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return telemetry.WithoutURL(err)
	}
	request.SetBasicAuth(c.user, c.password)
	response, err := c.client.Do(request)
	if err != nil {
		return telemetry.WithoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the management API answers %s", response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, largest)).Decode(into); err != nil {
		return fmt.Errorf("read the answer of the management API: %w", telemetry.WithoutURL(err))
	}
	return nil
}

// Close closes idle connections.
func (c *Client) Close() { c.client.CloseIdleConnections() }
