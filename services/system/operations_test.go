package system

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// mostOperations keeps a list in Jaeger's search form short enough to read.
const mostOperations = 25

// The names of spans are few: after an order, each service's list of operations in Jaeger is short.
func TestOperationListsInJaegerAreShort(t *testing.T) {
	broker := rabbitmqtest.Start(t, rabbitmqtest.WithPrivate())
	own := &systemtest.System{Env: append(os.Environ(), "AMQP_URL="+broker.URL, "TRACERIA_DATA="+t.TempDir()), Addresses: map[string]string{}}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	backend := systemtest.StartTelemetry(t, own) // a Jaeger without the spans of other tests
	own.Env = append(own.Env, backend...)
	for _, service := range pizzeria.All() {
		if own.Addresses[service.Name] == "" { // the Collector has that of the console
			own.Addresses[service.Name] = systemtest.FreeAddress(t)
		}
		own.Env = append(own.Env, strings.ToUpper(service.Name)+"_URL=http://"+own.Addresses[service.Name])
	}
	own.Launch(t, "all", nil, os.Args[0], "all")
	systemtest.Eventually(t, 20*time.Second, "an order is taken", func() bool {
		_, err := own.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita("early"))
		return err == nil
	})
	own.Tree(t, own.Deliver(t).TraceID)

	jaeger, _ := strings.CutPrefix(backend[0], "JAEGER_URL=")
	for service, least := range map[string]int{"order": 10, "kitchen": 5, "delivery": 5, "loyalty": 3} {
		var names []string
		systemtest.Eventually(t, time.Minute, fmt.Sprintf("%s has %d operations", service, least), func() bool {
			names = operations(t, jaeger, service)
			return len(names) >= least
		})
		t.Logf("%s has %d operations: %s", service, len(names), strings.Join(names, "; "))
		if len(names) > mostOperations {
			t.Errorf("%s has %d operations, want at most %d", service, len(names), mostOperations)
		}
	}
}

// operations returns the names of a service's spans that Jaeger offers in its search form.
func operations(t *testing.T, jaeger, service string) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, jaeger+"/api/v3/operations?service="+url.QueryEscape(service), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Operations []struct{ Name string } }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the operations of %s: %s, %v", service, response.Status, err)
	}
	names := make([]string, 0, len(answer.Operations))
	for _, operation := range answer.Operations {
		names = append(names, operation.Name)
	}
	return names
}
