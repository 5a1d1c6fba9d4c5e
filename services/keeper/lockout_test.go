package keeper_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/brokertest"
	"traceria/services/keeper"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// A broker has had the user guest with full rights, and keeps its data. After the credentials were made without guest, no
// login with a well-known password is possible: neither as guest, nor as a service or the operator.
func TestWellKnownPasswordsAreLockedOut(t *testing.T) {
	t.Parallel()
	_, all := brokertest.Definitions(t, definitions)
	folder := t.TempDir()
	if _, err := all.WriteCredentials(folder, true); err != nil {
		t.Fatal(err)
	}
	server := rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(filepath.Join(folder, "broker", "definitions.json")))
	h := &house{topology: all, folder: folder, server: server}
	known := []string{"guest:guest"}
	if err := login(server, known[0]); err != nil {
		t.Fatalf("guest cannot log in before: %v", err)
	}
	if err := h.server.Stop(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	if _, err := all.WriteCredentials(folder, false); err != nil {
		t.Fatal(err)
	}
	keep(t, keeper.Config{Topology: fixed(all), URL: h.url(t, "operator"), Say: func(line string) { said <- line }})
	if line := brokertest.Receive(t, said); !strings.HasPrefix(line, "waiting for RabbitMQ: ") {
		t.Errorf("without a broker it says %q", line)
	}
	if err := h.server.Start(); err != nil {
		t.Fatal(err)
	}
	if line := brokertest.Receive(t, said); !strings.HasSuffix(line, "has the whole topology (nothing was missing)") {
		t.Errorf("with the broker it says %q", line)
	}
	for _, name := range all.Logins() {
		_ = h.as(t, name) // with its own
	}
	checkLockedOut(t, h.server, append(known, guesses(all.Logins())...)...)
}

// guesses are logins to try without knowing the passwords, as user:password.
func guesses(users []string) []string {
	var all []string
	for _, name := range users {
		all = append(all, name+":", name+":"+name, name+":guest")
	}
	return all
}

// checkLockedOut checks that each login is refused. It tries them at once: RabbitMQ delays a refusal by three seconds.
func checkLockedOut(t *testing.T, server *rabbitmqtest.Broker, logins ...string) {
	t.Helper()
	var trying sync.WaitGroup
	defer trying.Wait()
	for _, one := range logins {
		trying.Go(func() {
			if err := login(server, one); !refused(err) {
				t.Errorf("%s logs in: %v", one, err)
			}
		})
	}
}

func login(server *rabbitmqtest.Broker, user string) error {
	conn, err := amqp091.Dial(strings.Replace(server.URL, "guest:guest", user, 1))
	if err == nil {
		_ = conn.Close()
	}
	return err
}
