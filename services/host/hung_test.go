package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/telemetry"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// subscriber is a service with one subscription.
type subscriber struct{ subscription broker.Subscription }

func (s subscriber) Routes(*host.Routes) {}
func (s subscriber) Subscriptions() []broker.Subscription {
	return []broker.Subscription{s.subscription}
}

// ready asks for the readiness of a service; it is nothing when the service is not ready.
func ready(t *testing.T, base string) (now host.Readiness) {
	t.Helper()
	response, err := http.Get(base + "/readyz") //nolint:gosec // of the test's own service
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&now); err != nil {
			t.Fatal(err)
		}
	}
	return now
}

// After a restart of RabbitMQ, a service with a handler that does not return is ready, and says which handler that is.
func TestReadinessSaysWhichHandlerHangs(t *testing.T) {
	server := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	b := brokertest.At(t, server.URL)
	began, freed := make(chan struct{}), make(chan struct{})
	free := sync.OnceFunc(func() { close(freed) })
	t.Cleanup(free)
	var calls atomic.Int32
	s := brokertest.Boxed(func(context.Context, event.Envelope) error {
		if calls.Add(1) == 1 {
			close(began)
			<-freed
		}
		return nil
	})
	b.Apply(t, s)
	set := environment{"AMQP_URL": server.URL, "HTTP_ADDR": "127.0.0.1:0", "DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "{service}.db")}
	config := host.Load(host.NewEnv(set.lookup))
	config.Flags.Path = filepath.Join(t.TempDir(), "flags.json")
	service := host.Service{Name: "delivery", New: func(*host.Host) (host.App, error) { return subscriber{s}, nil }}
	base, _ := hosttest.Run(t, service, host.Options{Config: config, Telemetry: telemetry.Config{Memory: &telemetry.Memory{}, LogOutput: t.Output()}})
	brokertest.Eventually(t, "the service is ready", func() bool { return ready(t, base).Status == "ready" })
	b.Put(t, s, amqp091.Publishing{Body: brokertest.BodyOf(t, brokertest.Outgoing(t, "o-1")), CorrelationId: "o-1"})
	brokertest.Receive(t, began)
	if hung := ready(t, base).Hung; len(hung) != 0 {
		t.Errorf("while the connection lasts, %v hang", hung)
	}
	if working := ready(t, base).Working; len(working) != 1 || working[0].Queue != s.Queue() || working[0].ConversationID != "o-1" || working[0].Since.IsZero() {
		t.Errorf("the handler works on o-1, and the service says %v", working)
	}
	if err := errors.Join(server.Stop(), server.Start()); err != nil {
		t.Fatal(err)
	}
	brokertest.Eventually(t, "the service is ready and says what hangs", func() bool {
		hung := ready(t, base).Hung
		return len(ready(t, base).Working) == 0 && len(hung) == 1 && hung[0].Queue == s.Queue() && hung[0].ConversationID == "o-1"
	})
	free()
	brokertest.Eventually(t, "the service is ready and nothing hangs", func() bool {
		now := ready(t, base)
		return now.Status == "ready" && len(now.Hung) == 0
	})
}
