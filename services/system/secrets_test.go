package system

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

// secrets returns the passwords of the broker's users.
func secrets(t *testing.T, s *systemtest.System) map[string]string {
	t.Helper()
	found := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(s.Credentials, "*", "password"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(filepath.Dir(path))] = strings.TrimSpace(string(content))
	}
	if len(found) != len(pizzeria.All())+1 { // and the operator
		t.Fatalf("%d passwords in %s", len(found), s.Credentials)
	}
	return found
}

// stored returns all spans of a service as Jaeger's JSON.
func stored(t *testing.T, s *systemtest.System, service string) string {
	t.Helper()
	var jaeger string
	for _, variable := range s.Env {
		if value, ok := strings.CutPrefix(variable, "JAEGER_URL="); ok {
			jaeger = value // the last one applies
		}
	}
	address := jaeger + "/api/traces?limit=1000&service=" + url.QueryEscape(service)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, response.Status, err)
	}
	return string(body)
}

// The passwords of the broker's users are in their files only.
func TestPasswordsAreInNoLogAndNoSpan(t *testing.T) {
	s := systemtest.Up(t)
	secrets := secrets(t, s)
	order, err := s.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client().Await(t.Context(), order.OrderID); err != nil {
		t.Fatal(err)
	}
	s.Tree(t, order.TraceID)
	search := func(where, text string) {
		for user, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
				t.Errorf("the password of %s is in %s", user, where)
			}
		}
	}
	for _, p := range s.Running {
		if text := p.Out.String(); text == "" {
			t.Errorf("%s has no output", p.Name)
		} else {
			search("the log of "+p.Name, text)
		}
		search("the environment of "+p.Name, strings.Join(p.Cmd.Env, "\n"))
		search("the command line of "+p.Name, strings.Join(p.Cmd.Args, " "))
	}
	for _, service := range pizzeria.Services() {
		spans := stored(t, s, service.Name)
		if service.Name != "staff" && !strings.Contains(spans, order.OrderID) {
			t.Errorf("the spans of %s lack the order", service.Name)
		}
		search("the spans of "+service.Name, spans)
	}
}

// RabbitMQ lists the user of each connection.
func TestEachServiceHasItsOwnBrokerUser(t *testing.T) {
	s := systemtest.Up(t)
	want := map[string][]string{"order": {"order"}, "kitchen": {"kitchen"}, "delivery": {"delivery"}, "loyalty": {"loyalty"}, "staff": {"staff"}}
	var got map[string][]string
	systemtest.Eventually(t, 30*time.Second, "RabbitMQ lists the connections of all services", func() bool { // it updates the list every 5 s
		var connections []struct {
			User       string `json:"user"`
			Properties struct {
				Name string `json:"connection_name"`
			} `json:"client_properties"`
		}
		if err := json.Unmarshal(s.Broker.Manage(t, http.MethodGet, "/api/connections", ""), &connections); err != nil {
			t.Fatal(err)
		}
		got = map[string][]string{}
		for _, c := range connections {
			service, purpose, _ := strings.Cut(c.Properties.Name, " ")
			if (purpose == "publish" || purpose == "consume") && !slices.Contains(got[service], c.User) {
				got[service] = append(got[service], c.User)
			}
		}
		return len(got) >= len(want)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users of the services' connections (-want +got):\n%s", diff)
	}
}

// The command reports its first pass and exits with 0.
func TestTopologyWatchStopsOnSIGTERM(t *testing.T) {
	s := systemtest.Up(t)
	p := s.Launch(t, "topology", s.As(t, "operator"), os.Args[0], "topology", "apply", "--watch")
	systemtest.Eventually(t, 30*time.Second, "the first pass is reported", func() bool {
		return strings.Contains(p.Out.String(), "has the whole topology (nothing was missing)")
	})
	if err := p.End(); err != nil {
		t.Errorf("the command ended with %v:\n%s", err, p.Out)
	}
}
