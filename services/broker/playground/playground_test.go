package playground_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker/brokertest"
	"traceria/services/broker/playground"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/topology"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

const nowhere = "http://guest:guest@127.0.0.1:1"

// silent is a warn function that fails the test.
func silent(t *testing.T) func(error) {
	return func(err error) {
		t.Helper()
		t.Errorf("warned: %v", err)
	}
}

// virtualHosts returns the names of all virtual hosts of the package's broker.
func virtualHosts(t *testing.T) []string {
	t.Helper()
	var all []struct{ Name string }
	if err := json.Unmarshal(rabbitmqtest.Shared(t).Manage(t, http.MethodGet, "/api/vhosts?columns=name", ""), &all); err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(all))
	for i, host := range all {
		names[i] = host.Name
	}
	return names
}

func TestABorrowedPlaceIsOneOfItsOwnAndGoesAwayAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Shared(t)
	lent, back, err := playground.Borrow(t.Context(), server.URL, server.ManagementURL, topology.Topology{}, silent(t))
	if err != nil {
		t.Fatal(err)
	}
	another, giveBack, err := playground.Borrow(t.Context(), server.URL, server.ManagementURL, topology.Topology{}, silent(t))
	if err != nil {
		t.Fatal(err)
	}
	defer giveBack()
	if name := brokertest.VirtualHost(t, lent); !strings.HasPrefix(name, "traceria-play-") || lent == another {
		t.Errorf("borrowed %s and %s", lent, another)
	}
	brokertest.At(t, lent).Apply(t, brokertest.Boxed(nil))
	back()
	if conn, err := wire.Dial(t.Context(), lent, "test"); err == nil {
		_ = conn.Close()
		t.Error("the borrowed place is still there")
	}
}

func TestWithoutAManagementAPIAnUnusedPlaceIsTaken(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	lent, back, err := playground.Borrow(t.Context(), b.URL, nowhere, b.Apply(t, brokertest.Boxed(nil)), silent(t))
	if err != nil || lent != b.URL {
		t.Fatalf("got %s, %v; want %s", lent, err, b.URL)
	}
	back()
}

func TestAPlaceWhereWorkIsDoneIsNotLent(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	s := brokertest.Boxed(func(context.Context, event.Envelope) error { return nil })
	all := b.Apply(t, s)
	c, stop := b.Consumer(t, s)
	brokertest.Ready(t, c)
	refused := func(why string) {
		t.Helper()
		_, _, err := playground.Borrow(t.Context(), b.URL, nowhere, all, silent(t))
		if err == nil || !strings.Contains(err.Error(), "queue delivery.order-boxed") {
			t.Errorf("with %s: got %v, want an error that names the queue", why, err)
		}
	}
	refused("a consumer")
	stop()
	brokertest.Send(t, b.Publisher(t, all), brokertest.Outgoing(t, "o-1"))
	refused("a message")
}

// TestBorrower is the process that TestWhatAKilledBorrowerLeftIsRemoved kills.
func TestBorrower(t *testing.T) {
	amqpURL, managementURL := os.Getenv("BORROWER_AMQP_URL"), os.Getenv("BORROWER_MANAGEMENT_URL")
	if amqpURL == "" {
		t.Skip("it is a part of TestWhatAKilledBorrowerLeftIsRemoved")
	}
	lent, _, err := playground.Borrow(t.Context(), amqpURL, managementURL, topology.Topology{}, silent(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := wire.Dial(t.Context(), lent, "borrower")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("lent", lent)
	if err := <-conn.NotifyClose(make(chan *amqp091.Error, 1)); err != nil { // the process is killed before, or the broker stops
		t.Fatal(err)
	}
}

// A process borrows a virtual host and is killed. The next borrower removes the virtual host.
func TestWhatAKilledBorrowerLeftIsRemoved(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Shared(t)
	left, kill := borrower(t, server)
	borrow := func() {
		t.Helper()
		_, back, err := playground.Borrow(t.Context(), server.URL, server.ManagementURL, topology.Topology{}, silent(t))
		if err != nil {
			t.Fatal(err)
		}
		back()
	}
	borrow()
	if !slices.Contains(virtualHosts(t), left) {
		t.Fatal("the place of a borrower that lives was taken away")
	}
	kill()
	// The broker needs a moment to notice the closed connection.
	brokertest.Eventually(t, "the next borrower removes it", func() bool {
		borrow()
		return !slices.Contains(virtualHosts(t), left)
	})
}

// borrower starts a process that borrows a virtual host. It returns the name of the virtual host and a function that kills the
// process.
func borrower(t *testing.T, server *rabbitmqtest.Broker) (string, func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBorrower$")
	cmd.Env = append(os.Environ(), "BORROWER_AMQP_URL="+server.URL, "BORROWER_MANAGEMENT_URL="+server.ManagementURL)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill := func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lent, ok := strings.CutPrefix(lines.Text(), "lent "); ok {
			return brokertest.VirtualHost(t, lent), kill
		}
	}
	t.Fatal("the borrower ended without a place")
	return "", nil
}

// A borrower removes only virtual hosts whose borrower has ended. The test is not parallel: the borrowers of other tests would
// remove its virtual hosts.
func TestOnlyWhatIsAbandonedIsRemoved(t *testing.T) {
	server := rabbitmqtest.Shared(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dead, living := ended.Process.Pid, os.Getpid()
	described := func(host string, ago time.Duration) string {
		return "made by traceria play on " + host + " at " + time.Now().Add(-ago).UTC().Format(time.RFC3339) + ", which removes it"
	}
	used := fmt.Sprintf("traceria-play-%d-used", dead)
	for name, description := range map[string]string{
		fmt.Sprintf("traceria-play-%d-stays", living):    described(host, time.Second),
		fmt.Sprintf("traceria-play-%d-goes", living):     described(host, time.Hour), // another process with that id
		fmt.Sprintf("traceria-play-%d-goes", dead):       described(host, time.Second),
		fmt.Sprintf("traceria-play-%d-goes-far", dead):   described("elsewhere", time.Hour),
		fmt.Sprintf("traceria-play-%d-stays-far", dead):  described("elsewhere", time.Minute),
		fmt.Sprintf("traceria-play-%d-goes-odd", dead):   "made by traceria play on " + host + " at noon, which removes it",
		fmt.Sprintf("traceria-play-%d-stays-not", dead):  "of another program",
		fmt.Sprintf("traceria-play-%d-stays-none", dead): "",
		"traceria-play-stays":                            described(host, time.Second),
		fmt.Sprintf("other-%d-stays", dead):              described(host, time.Hour),
		used:                                             described(host, time.Hour),
	} {
		body, err := json.Marshal(map[string]string{"description": description})
		if err != nil {
			t.Fatal(err)
		}
		server.Manage(t, http.MethodPut, "/api/vhosts/"+name, string(body))
		server.Manage(t, http.MethodPut, "/api/permissions/"+name+"/guest", `{"configure":".*","write":".*","read":".*"}`)
		t.Cleanup(func() {
			if slices.Contains(virtualHosts(t), name) {
				server.Manage(t, http.MethodDelete, "/api/vhosts/"+name, "")
			}
		})
	}
	conn, err := wire.Dial(t.Context(), strings.TrimSuffix(server.URL, "/")+"/"+used, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	brokertest.Eventually(t, "the management API knows of the connection", func() bool {
		return strings.Contains(string(server.Manage(t, http.MethodGet, "/api/vhosts/"+used+"/connections", "")), "name")
	})
	_, back, err := playground.Borrow(t.Context(), server.URL, server.ManagementURL, topology.Topology{}, silent(t))
	if err != nil {
		t.Fatal(err)
	}
	back()
	all := virtualHosts(t)
	for name, stays := range map[string]bool{
		fmt.Sprintf("traceria-play-%d-stays", living):    true,
		fmt.Sprintf("traceria-play-%d-goes", living):     false,
		fmt.Sprintf("traceria-play-%d-goes", dead):       false,
		fmt.Sprintf("traceria-play-%d-goes-far", dead):   false,
		fmt.Sprintf("traceria-play-%d-stays-far", dead):  true,
		fmt.Sprintf("traceria-play-%d-goes-odd", dead):   false,
		fmt.Sprintf("traceria-play-%d-stays-not", dead):  true,
		fmt.Sprintf("traceria-play-%d-stays-none", dead): true,
		"traceria-play-stays":                            true,
		fmt.Sprintf("other-%d-stays", dead):              true,
		used:                                             true,
	} {
		if slices.Contains(all, name) != stays {
			t.Errorf("%s is there: %v, want %v", name, !stays, stays)
		}
	}
}

// Deleting the virtual host is tried again when the management API refuses, and ends with a warning.
func TestGivingBackIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := rabbitmqtest.Shared(t)
	target, err := url.Parse(server.ManagementURL)
	if err != nil {
		t.Fatal(err)
	}
	user := target.User
	target.User = nil
	var refusals atomic.Int32
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && refusals.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer api.Close()
	address, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = user
	var warnings []error
	lent, back, err := playground.Borrow(t.Context(), server.URL, address.String(), topology.Topology{}, func(err error) { warnings = append(warnings, err) })
	if err != nil {
		t.Fatal(err)
	}
	name := brokertest.VirtualHost(t, lent)
	refusals.Store(1000)
	back()
	if len(warnings) != 1 || !strings.Contains(warnings[0].Error(), name) || !slices.Contains(virtualHosts(t), name) {
		t.Errorf("warnings %v, want one that names %s, which is still there", warnings, name)
	}
	refusals.Store(2)
	back()
	if len(warnings) != 1 || slices.Contains(virtualHosts(t), name) {
		t.Errorf("after two refusals: warnings %v, hosts %v", warnings[1:], virtualHosts(t))
	}
	back() // a virtual host that is gone is no failure
	if len(warnings) != 1 {
		t.Errorf("giving back what is gone: %v", warnings[1:])
	}
}
