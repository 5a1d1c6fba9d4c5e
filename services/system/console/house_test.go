package console

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// house is the whole system with a console that the Collector feeds.
type house struct {
	*systemtest.Pizzeria
	base string
}

// open starts RabbitMQ, the Collector, Jaeger, the services and the console.
func open(t *testing.T) *house {
	t.Helper()
	w := systemtest.StartWorld(t)
	h := &house{base: "http://" + w.Addresses["console"]}
	h.Pizzeria = w.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		p.WatchTopology(t)
	})
	h.Services["console"] = systemtest.Supervise("console", h.Environment(t, "console"))
	h.Await(t, time.Minute, "the console is ready", h.Ready)
	return h
}

// alone starts a console with nothing else: a viewer for any Collector.
func alone(t *testing.T) (base string) {
	t.Helper()
	address := systemtest.FreeAddress(t)
	env := []string{
		systemtest.AsBinary + "=1", "HOME=" + t.TempDir(), "HTTP_ADDR=" + address, "CONSOLE_URL=http://" + address, "TRACERIA_DATA=" + t.TempDir(),
		"AMQP_URL=amqp://127.0.0.1:1/", "RABBITMQ_MANAGEMENT_URL=http://127.0.0.1:1", "JAEGER_URL=http://127.0.0.1:1", "ORDER_URL=http://127.0.0.1:1",
		"OTEL_SDK_DISABLED=true",
	}
	console := systemtest.Supervise("console", env)
	t.Cleanup(func() {
		if err := console.Stop(); err != nil {
			t.Error(err)
		}
	})
	base = "http://" + address
	systemtest.AwaitReady(t, "console", address)
	return base
}

// get reads a JSON answer of the console.
func get[T any](t *testing.T, url string) (answer T) {
	t.Helper()
	status, body := send(t, http.MethodGet, url, "")
	if status != http.StatusOK {
		t.Fatalf("GET %s answers %d: %s", url, status, body)
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("GET %s: %v: %s", url, err, body)
	}
	return answer
}

// send sends a request, with headers as pairs of name and value, and returns the status and the body of the answer.
func send(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
