package broker

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
	"traceria/telemetry"
)

// Config is how a service reaches RabbitMQ.
type Config struct {
	// URL is the AMQP URI (https://www.rabbitmq.com/docs/uri-spec).
	URL string
	// ManagementURL is the management API of that broker, with the user in it who may look, or none for the user of URL.
	// A service that may declare asks it what was missing. Empty: it declares and does not know.
	ManagementURL string
	// Service names the connections, so that RabbitMQ's own pages tell them apart.
	Service string
	// Telemetry makes the spans, metrics and log lines.
	Telemetry *telemetry.Telemetry
	// ConfirmTimeout is how long a publish waits for the broker's confirm; 0 means 30 s.
	ConfirmTimeout time.Duration
	// Choices, if set, says at any time how events are written and read: it is asked for each.
	Choices func(ctx context.Context) event.Choices
	// Seams are where failures are injected.
	Seams Seams
}

func (c Config) choices(ctx context.Context) event.Choices {
	if c.Choices == nil {
		return event.Choices{}
	}
	return c.Choices(ctx)
}

const defaultConfirmTimeout = 30 * time.Second

// CheckURL says what is wrong with an AMQP URL, without showing the password in it.
func CheckURL(rawURL string) error {
	_, err := amqp091.ParseURI(rawURL)
	if err == nil {
		return nil
	}
	if wrong := new(url.Error); errors.As(err, &wrong) {
		// It repeats the URL, or the part of it that it stumbled over, which may be the password's.
		err = errors.New("not a URL; in a password, percent-encode what has a meaning in URLs (/ is %2F)")
	}
	return fmt.Errorf("%w; want amqp://user:password@host:port/vhost", err)
}

// exchangeKind is what every event exchange is: routing keys are matched by their parts.
const exchangeKind = amqp091.ExchangeTopic

var exchanges = []string{event.PublicExchange, event.KitchenExchange}
