package main

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
)

// pizzeria is the five services of one test, on empty databases and empty queues.
type pizzeria struct {
	*world
	fault    fault
	data     string
	more     map[string][]string // further environment, by service
	services map[string]*supervised
	watcher  *supervised // of the topology, where there is one
	orders   *orders     // those that are placed while the fault is injected
}

const (
	// largestTicket makes every tenth order one that the kitchen rejects.
	largestTicket = 20
	// moreCooks beside the two of every day: a thousand orders must not wait for two cooks.
	moreCooks = 10
)

func (w *world) open(t *testing.T, f fault) *pizzeria {
	t.Helper()
	p := &pizzeria{world: w, fault: f, data: t.TempDir(), more: map[string][]string{}, services: map[string]*supervised{}}
	w.sweep(t)
	if f.prepare != nil {
		f.prepare(t, p)
	}
	for _, service := range services() {
		p.services[service.Name] = supervise(service.Name, p.environment(t, service.Name))
	}
	t.Cleanup(func() { p.close(t) })
	p.await(t, 60*time.Second, "the services are ready", p.ready)
	p.callCooks(t)
	return p
}

func (p *pizzeria) environment(t *testing.T, service string) []string {
	t.Helper()
	env := append(append([]string{}, p.env...), p.as(t, service)...)
	env = append(env, asBinary+"=1", "RABBITMQ_MANAGEMENT_URL="+p.broker.ManagementURL,
		"TRACERIA_DATA="+p.data, "HTTP_ADDR="+p.addresses[service],
		"KITCHEN_COOKING_TIME=10ms-50ms", "DELIVERY_DRIVING_TIME=10ms-50ms", fmt.Sprintf("KITCHEN_LARGEST_TICKET=%d", largestTicket))
	for name, address := range p.addresses {
		env = append(env, strings.ToUpper(name)+"_URL=http://"+address)
	}
	return append(env, p.more[service]...)
}

// await is eventually with what the services last said.
func (p *pizzeria) await(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s\n%s", what, within, p.lastWords())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ready asks each service whether it consumes and publishes.
func (p *pizzeria) ready() bool {
	for name := range p.services {
		if status, _ := p.answer("http://" + p.addresses[name] + "/readyz"); status != http.StatusOK {
			return false
		}
	}
	return true
}

// answer is a GET, and 0 when nobody answers.
func (p *pizzeria) answer(url string) (status int, body string) {
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

func (p *pizzeria) callCooks(t *testing.T) {
	t.Helper()
	before := p.cooks(t)
	for i := range moreCooks {
		p.post(t, "staff", fmt.Sprintf("/staff/cook-%d/clock-in", i))
	}
	p.await(t, 20*time.Second, "the cooks are on duty", func() bool { return p.cooks(t) == before+moreCooks })
}

// unsent is how many events wait in the service's outbox, and wishes to have some sent again. The database is opened for this look only: while the test
// has it open, a service that comes back from a kill would not need to recover it.
func (p *pizzeria) unsent(t *testing.T, service string) (n int) {
	t.Helper()
	path := filepath.Join(p.dataOf(service), service+".db")
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw&_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM resend)`).Scan(&n); err != nil {
		t.Fatalf("look into the outbox of %s: %v", service, err)
	}
	return n
}

// dataOf is the folder of the service's database.
func (p *pizzeria) dataOf(service string) string {
	folder := p.data
	for _, variable := range p.more[service] {
		if value, found := strings.CutPrefix(variable, "TRACERIA_DATA="); found {
			folder = value
		}
	}
	return folder
}

// close stops the services as their users do. Each must end well, and within ten seconds.
func (p *pizzeria) close(t *testing.T) {
	var all sync.WaitGroup
	for _, s := range p.services {
		all.Go(func() {
			if err := s.stop(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// lastWords are the ends of the services' output.
func (p *pizzeria) lastWords() string {
	var text strings.Builder
	for name, s := range p.services {
		out := s.output()
		fmt.Fprintf(&text, "--- %s\n%s\n", name, out[max(0, len(out)-1500):])
	}
	return text.String()
}
