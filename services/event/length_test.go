package event_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"traceria/services/event"
)

// A name that does not fit into an AMQP property can never be published again, so it is refused.
func TestIDsThatAMQPCannotHoldAreUnreadable(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("I", 300)
	for name, body := range map[string]string{
		"metadata.eventId":        fmt.Sprintf(`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":%q},"data":{"orderId":"1"}}`, long),
		"metadata.conversationId": fmt.Sprintf(`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"1","conversationId":%q},"data":{"orderId":"1"}}`, long),
		"orderId":                 fmt.Sprintf(`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"1"},"data":{"orderId":%q}}`, long),
	} {
		e, err := event.Decode([]byte(body))
		if err == nil {
			_, err = event.Data[event.OrderBoxed](e)
		}
		if !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
