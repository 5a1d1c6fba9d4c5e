package keeper_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/brokertest"
	"traceria/services/keeper"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// A broker that an earlier release has used goes on with its data, and nobody gets in with a password that everybody
// knows: neither guest nor traceria, who are in its data with full rights, nor a service without its password.
func TestWellKnownPasswordsAreLockedOut(t *testing.T) {
	t.Parallel()
	_, all := brokertest.Definitions(t, definitions)
	folder := t.TempDir()
	path := filepath.Join(folder, "broker", "definitions.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	// As the definitions file of the release before had them.
	const earlier = `{"vhosts":[{"name":"/"}],"users":[
		{"name":"guest","password_hash":"hJg8YBx2QZlgys6vYsl0XHHc3KcW1vhEOg3P28l02UUSO1Uf","hashing_algorithm":"rabbit_password_hashing_sha256","tags":["administrator"]},
		{"name":"traceria","password_hash":"qyjX/UWWHL+4LYadf0oMcnd+ypbEDc5bWQKQTr9AXleM0oK4","hashing_algorithm":"rabbit_password_hashing_sha256","tags":["administrator"]}],
		"permissions":[{"user":"guest","vhost":"/","configure":".*","write":".*","read":".*"},{"user":"traceria","vhost":"/","configure":".*","write":".*","read":".*"}]}`
	if err := os.WriteFile(path, []byte(earlier), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &house{topology: all, folder: folder, server: rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(path))}
	known := []string{"guest:guest", "traceria:traceria"}
	for _, user := range known {
		if err := login(h.server, user); err != nil {
			t.Fatalf("%s cannot log in to a broker of the earlier release: %v", user, err)
		}
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
	for _, name := range append(all.Users(), topology.Operator) {
		_ = h.as(t, name) // with its own
	}
	checkLockedOut(t, h.server, append(known, guesses(append(all.Users(), topology.Operator))...)...)
}

// guesses are what somebody would try who does not know the passwords, as user:password.
func guesses(users []string) []string {
	var all []string
	for _, name := range users {
		all = append(all, name+":", name+":"+name, name+":guest")
	}
	return all
}

// checkLockedOut wants each login to be refused. All at once: RabbitMQ lets those wait for three seconds whom it refuses.
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
