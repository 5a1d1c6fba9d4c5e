package broker

import (
	"fmt"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/event"
	"traceria/telemetry"
)

// Config is how a service reaches RabbitMQ.
type Config struct {
	// URL is the AMQP URI (https://www.rabbitmq.com/docs/uri-spec).
	URL string
	// Service names the connections, so that RabbitMQ's own pages tell them apart.
	Service string
	// Telemetry makes the spans, metrics and log lines.
	Telemetry *telemetry.Telemetry
	// ConfirmTimeout is how long a publish waits for the broker's confirm; 0 means 30 s.
	ConfirmTimeout time.Duration
}

const defaultConfirmTimeout = 30 * time.Second

// CheckURL says what is wrong with an AMQP URL, without showing the password in it.
func CheckURL(url string) error {
	if _, err := amqp091.ParseURI(url); err != nil {
		return fmt.Errorf("want amqp://user:password@host:port/vhost: %w", err)
	}
	return nil
}

// mode is what every event exchange is.
const exchangeKind = amqp091.ExchangeTopic

var exchanges = []string{event.PublicExchange, event.KitchenExchange}
