package systemtest

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/pizzeria"
)

// Pizzeria is the five services of one test, with empty databases and empty queues.
type Pizzeria struct {
	*World
	Data     string
	More     map[string][]string // additional environment by service
	Services map[string]*Supervised
	Watcher  *Supervised // of the topology, or nil
}

const (
	// LargestTicket is the kitchen's limit of pieces. The chaos tests exceed it with every tenth order.
	LargestTicket = 20
	// moreCooks are clocked in beside the default two. Two cooks are too slow for a thousand orders.
	moreCooks = 10
)

// Open starts the services with empty databases and queues. prepare, if any, runs before and may change their
// environment.
func (w *World) Open(t *testing.T, prepare func(t *testing.T, p *Pizzeria)) *Pizzeria {
	t.Helper()
	p := &Pizzeria{World: w, Data: t.TempDir(), More: map[string][]string{}, Services: map[string]*Supervised{}}
	w.Sweep(t)
	if prepare != nil {
		prepare(t, p)
	}
	for _, service := range pizzeria.Services() {
		p.Services[service.Name] = Supervise(service.Name, p.Environment(t, service.Name))
	}
	t.Cleanup(func() { p.Close(t) })
	p.Await(t, 60*time.Second, "the services are ready", p.Ready)
	p.callCooks(t)
	return p
}

// Environment returns the environment of a service, with more variables (NAME=value).
func (p *Pizzeria) Environment(t *testing.T, service string, more ...string) []string {
	t.Helper()
	env := append(append([]string{}, p.Env...), p.As(t, service)...)
	env = append(env, AsBinary+"=1", "RABBITMQ_MANAGEMENT_URL="+p.Broker.ManagementURL,
		"TRACERIA_DATA="+p.Data, "HTTP_ADDR="+p.Addresses[service],
		"KITCHEN_COOKING_TIME=10ms-50ms", "DELIVERY_DRIVING_TIME=10ms-50ms", fmt.Sprintf("KITCHEN_LARGEST_TICKET=%d", LargestTicket))
	for name, address := range p.Addresses {
		env = append(env, strings.ToUpper(name)+"_URL=http://"+address)
	}
	return append(append(env, p.More[service]...), more...)
}

// Await is Eventually. Its failure shows the last output of the services.
func (p *Pizzeria) Await(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s\n%s", what, within, p.LastWords())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Ready reports whether every service answers /readyz with 200.
func (p *Pizzeria) Ready() bool {
	for name := range p.Services {
		if status, _ := p.Answer("http://" + p.Addresses[name] + "/readyz"); status != http.StatusOK {
			return false
		}
	}
	return true
}

// Answer sends a GET. The status is 0 without an answer, and body has the error.
func (p *Pizzeria) Answer(url string) (status int, body string) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

func (p *Pizzeria) callCooks(t *testing.T) {
	t.Helper()
	before := p.Cooks(t)
	for i := range moreCooks {
		p.post(t, "staff", fmt.Sprintf("/staff/cook-%d/clock-in", i))
	}
	p.Await(t, 20*time.Second, "the cooks are on duty", func() bool { return p.Cooks(t) == before+moreCooks })
}

// Unsent counts the events and the resend requests in the service's outbox. It closes the database at once: an open
// connection would hide whether the service can recover the file after a kill.
func (p *Pizzeria) Unsent(t *testing.T, service string) (n int) {
	t.Helper()
	path := filepath.Join(p.DataOf(service), service+".db")
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw&_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM resend)`).Scan(&n); err != nil {
		t.Fatalf("read the outbox of %s: %v", service, err)
	}
	return n
}

// DataOf returns the folder of the service's database.
func (p *Pizzeria) DataOf(service string) string {
	folder := p.Data
	for _, variable := range p.More[service] {
		if value, found := strings.CutPrefix(variable, "TRACERIA_DATA="); found {
			folder = value
		}
	}
	return folder
}

// Close stops the services with SIGTERM. Each must exit with 0 within ten seconds.
func (p *Pizzeria) Close(t *testing.T) {
	var all sync.WaitGroup
	for _, s := range p.Services {
		all.Go(func() {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// LastWords returns the last output of each service.
func (p *Pizzeria) LastWords() string {
	var text strings.Builder
	for name, s := range p.Services {
		out := s.Output()
		fmt.Fprintf(&text, "--- %s\n%s\n", name, out[max(0, len(out)-1500):])
	}
	return text.String()
}

// WatchTopology runs `traceria topology apply --watch` under a supervisor.
func (p *Pizzeria) WatchTopology(t *testing.T) {
	t.Helper()
	env := append(append([]string{}, p.Environment(t, "order")...), p.As(t, "operator")...)
	p.Watcher = Supervise("topology apply --watch", env)
	t.Cleanup(func() {
		if err := p.Watcher.Stop(); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(p.Watcher.Output()) {
			if strings.Contains(line, "publishes again") || strings.Contains(line, "declared") {
				t.Log(strings.TrimSpace(line))
			}
		}
	})
}

// AwaitQueue waits until the queue exists.
func (p *Pizzeria) AwaitQueue(t *testing.T, name string) {
	t.Helper()
	p.Await(t, time.Minute, "the queue "+name+" exists", func() (exists bool) {
		p.WithChannel(t, func(ch *amqp091.Channel) {
			_, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
			exists = err == nil
		})
		return exists
	})
}
