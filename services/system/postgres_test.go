package system

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/store/postgrestest"
	"traceria/services/system/systemtest"
	"traceria/telemetry"
)

// replicated is a second pizzeria with two processes per service on one PostgreSQL. It shares the broker, in its own
// virtual host, and Jaeger with the other tests.
type replicated struct {
	*systemtest.System
	amqp      string
	clients   []*orderclient.Client
	processes [2]map[string]*systemtest.Process
}

func replicate(t *testing.T, database string) *replicated {
	t.Helper()
	shared := systemtest.Up(t)
	r := &replicated{
		System: &systemtest.System{Addresses: map[string]string{}, Jaeger: shared.Jaeger, Broker: shared.Broker},
		amqp:   shared.Broker.VHost(t),
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	r.Env = append(append([]string{}, shared.Env...), "AMQP_URL="+r.amqp, "DATABASE_URL="+database, "KITCHEN_COOKING_TIME=10ms-50ms")
	r.Launch(t, "topology", nil, os.Args[0], "topology", "apply", "--watch")
	ready := map[string]string{}
	for i := range r.processes {
		r.processes[i] = map[string]*systemtest.Process{}
		for _, service := range pizzeria.Services() {
			address := systemtest.FreeAddress(t)
			r.processes[i][service.Name] = r.Launch(t, service.Name, []string{"HTTP_ADDR=" + address}, os.Args[0], service.Name)
			ready[address] = service.Name
			r.Addresses[service.Name] = address // queries go to the last process
			if service.Name == "order" {
				r.clients = append(r.clients, orderclient.New("http://"+address))
			}
		}
	}
	for address, name := range ready {
		systemtest.AwaitReady(t, name, address)
	}
	return r
}

// order places n orders concurrently, with the clients in turn, until each is accepted.
func (r *replicated) order(t *testing.T, n int, customer string, clients ...*orderclient.Client) []orderclient.Order {
	t.Helper()
	orders := make([]orderclient.Order, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			key := http.Header{"Idempotency-Key": {fmt.Sprintf("%s-%s-%d", t.Name(), customer, i)}}
			deadline := time.Now().Add(time.Minute)
			for {
				accepted, err := clients[i%len(clients)].Do(t.Context(), http.MethodPost, "/order", key, orderclient.OneMargherita(customer))
				if err == nil {
					orders[i] = accepted
					return
				}
				if time.Now().After(deadline) {
					t.Errorf("order %d was not accepted: %v", i, err)
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		time.Sleep(20 * time.Millisecond)
	}
	all.Wait()
	return orders
}

// check waits until every order is delivered. It asserts that no effect happened twice and that there are no dead
// letters.
func (r *replicated) check(t *testing.T, customer string, orders []orderclient.Order, clients ...*orderclient.Client) {
	t.Helper()
	for i, order := range orders {
		if order.OrderID == "" {
			continue // reported before
		}
		systemtest.Eventually(t, 2*time.Minute, "order "+order.OrderID+" is delivered", func() bool {
			now, err := clients[i%len(clients)].Do(t.Context(), http.MethodGet, "/order/"+order.OrderID, nil, nil)
			return err == nil && now.Status == "delivered"
		})
	}
	points := struct{ Points int }{}
	systemtest.Eventually(t, time.Minute, "the points are given", func() bool {
		r.Get(t, "loyalty", "/loyalty/"+customer, &points)
		return points.Points >= 6*len(orders) // 6.63 pounds each
	})
	if points.Points != 6*len(orders) {
		t.Errorf("%d points for %d orders", points.Points, len(orders))
	}
	noDeadLetters(t, r.amqp)
}

// Two processes of each service share a PostgreSQL. Both take orders, and one relays. Then one process of each service
// and later the database are killed under load. No order is lost, no effect is doubled, no message is dead.
func TestReplicasShareAPostgreSQL(t *testing.T) {
	server := postgrestest.Start(t)
	r := replicate(t, server.Database(t))
	if strings.Contains(r.logs(), server.Password) {
		t.Error("the database's password is in a log")
	}

	// A frozen database server: the caller gets an answer within the time limit of a request.
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := r.clients[0].Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("frozen"))
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "Not available at the moment") || took > 15*time.Second {
		t.Errorf("with a frozen database, after %s: %v", took, err)
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}

	first := r.order(t, 40, "both", r.clients...)
	r.check(t, "both", first, r.clients...)
	for _, order := range first {
		tree := r.Tree(t, order.TraceID)
		if len(tree.Roots) != 1 || len(tree.Orphans) != 0 {
			t.Errorf("trace %s has %d roots, %d spans without their parent", order.TraceID, len(tree.Roots), len(tree.Orphans))
		}
		sent := map[any]int{}
		for _, span := range tree.Spans() {
			if span.Attributes[string(telemetry.DuplicateKey)] == true {
				t.Errorf("%s of order %s is a duplicate", span.Name, order.OrderID)
			}
			if span.Kind == "producer" {
				sent[span.Attributes["messaging.message.id"]]++
			}
		}
		for id, n := range sent {
			if n != 1 {
				t.Errorf("message %v of order %s was sent %d times", id, order.OrderID, n)
			}
		}
	}

	killed := make(chan struct{})
	go func() {
		defer close(killed)
		for _, p := range r.processes[0] {
			time.Sleep(150 * time.Millisecond)
			_ = p.Cmd.Process.Kill()
		}
	}()
	second := r.order(t, 40, "one killed", r.clients[1])
	<-killed
	r.Forget(r.processes[0])
	r.check(t, "one killed", second, r.clients[1])

	crashed := make(chan error, 1)
	go func() {
		time.Sleep(300 * time.Millisecond)
		if err := server.Kill(); err != nil {
			crashed <- err
			return
		}
		time.Sleep(2 * time.Second)
		crashed <- server.Start()
	}()
	third := r.order(t, 40, "database killed", r.clients[1])
	if err := <-crashed; err != nil {
		t.Fatal(err)
	}
	r.check(t, "database killed", third, r.clients[1])
	if strings.Contains(r.logs(), server.Password) {
		t.Error("the database's password is in a log")
	}
}

func (r *replicated) logs() string {
	var text strings.Builder
	for _, processes := range r.processes {
		for _, p := range processes {
			text.WriteString(p.Out.String())
		}
	}
	return text.String()
}

// The error names the cause and hides the password.
func TestWrongPostgreSQLPasswordIsAnError(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(postgrestest.User, "hunter2")
	_, err = new(systemtest.System).TraceriaWith([]string{
		"DATABASE_URL=" + u.String(), "HTTP_ADDR=" + systemtest.FreeAddress(t), "AMQP_URL=amqp://guest:guest@127.0.0.1:1/", "OTEL_SDK_DISABLED=true",
	}, "staff")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "password authentication failed") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}
