package wire

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/rabbitmq/amqp091-go"

	"traceria/telemetry"
)

// CheckURL returns an error that explains what is wrong with an AMQP URL (https://www.rabbitmq.com/docs/uri-spec). The error
// does not contain the password.
func CheckURL(rawURL string) error {
	if _, err := telemetry.ParseURL(rawURL); err != nil {
		return errURL
	}
	_, err := amqp091.ParseURI(rawURL)
	if err == nil {
		return nil
	}
	if wrong := new(url.Error); errors.As(err, &wrong) {
		// It repeats the URL, or the part that could not be parsed, which may be the password.
		return errURL
	}
	return fmt.Errorf("%w; want amqp://user:password@host:port/vhost", err)
}

var errURL = errors.New("not a URL; in a password, percent-encode the characters that have a meaning in URLs (/ is %2F, @ is %40); " +
	"want amqp://user:password@host:port/vhost")

// Address is host:port of an AMQP URL, without the user and the password.
func Address(url string) string {
	uri, err := amqp091.ParseURI(url)
	if err != nil {
		return "an unreadable URL"
	}
	return fmt.Sprintf("%s:%d", uri.Host, uri.Port)
}
