package pizzeria

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"traceria/services/console"
	"traceria/services/host"
	"traceria/telemetry"
)

// messageTime limits the question for an event.
const messageTime = 3 * time.Second

// messageLargest is the limit of an event's size, in bytes: larger than what the broker takes.
const messageLargest = 20 << 20

// sentMessage returns the event that a service has sent, from its outbox. The error wraps [console.ErrNoMessage] if there is none.
// The question is in no trace: a look at an order must not add to its spans.
func sentMessage(config host.Config) func(ctx context.Context, service, messageID string) (console.Message, error) {
	return func(ctx context.Context, service, messageID string) (console.Message, error) {
		none := func(format string, args ...any) (console.Message, error) {
			return console.Message{}, fmt.Errorf("%w: %s", console.ErrNoMessage, fmt.Sprintf(format, args...))
		}
		if !slices.ContainsFunc(Services(), func(s host.Service) bool { return s.Name == service }) {
			return none("%.100q is no service of the pizzeria with an outbox", service)
		}
		if messageID == "" {
			return none("the span has no message id")
		}
		ctx, cancel := context.WithTimeout(ctx, messageTime)
		defer cancel()
		path := strings.Replace(host.SentPath, "{messageId}", url.PathEscape(messageID), 1)
		status, body, err := get(ctx, config.URLs[service]+path, messageLargest, http.Header{"Traceparent": {unsampled}})
		if err != nil {
			return console.Message{}, fmt.Errorf("%s at %s: %w", service, telemetry.Redacted(config.URLs[service]), err)
		}
		message := console.Message{Source: "outbox of " + service}
		if status == http.StatusOK {
			if err := json.Unmarshal(body, &message); err != nil {
				return message, fmt.Errorf("%s does not answer with an event: %w", service, err)
			}
			return message, nil
		}
		var problem host.Problem
		_ = json.Unmarshal(body, &problem) // an answer of another form has no detail
		if status == http.StatusNotFound || status == http.StatusUnprocessableEntity {
			return none("%s", problem.Detail)
		}
		return console.Message{}, fmt.Errorf("%s answers %d: %s", service, status, problem.Detail)
	}
}

// unsampled is a trace context whose spans are not recorded.
const unsampled = "00-00000000000000000000000000000001-0000000000000001-00"
