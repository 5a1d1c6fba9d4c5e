package console_test

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"traceria/services/console"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/telemetry"
)

// running is a console without a broker and a database.
type running struct {
	base   string
	file   failure.File
	memory *telemetry.Memory
	stop   func() error
	// header is that of the last answer.
	header http.Header
}

const deadline = 20 * time.Second

// run starts a console without a system. shared means that all services share one process, as under traceria all.
func run(t *testing.T, shared bool) *running {
	t.Helper()
	return start(t, nil, shared)
}

// runWith starts a console with a system.
func runWith(t *testing.T, system console.System) *running {
	t.Helper()
	return start(t, func(*host.Host) console.System { return system }, false)
}

func start(t *testing.T, system func(*host.Host) console.System, shared bool) *running {
	t.Helper()
	c := &running{memory: &telemetry.Memory{}, file: failure.File{Path: filepath.Join(t.TempDir(), "flags.json")}}
	set := map[string]string{"HTTP_ADDR": "127.0.0.1:0", "AMQP_URL": "amqp://127.0.0.1:1/", "DATABASE_URL": "sqlite:/nowhere/{service}.db"}
	env := host.NewEnv(func(name string) (string, bool) { value, ok := set[name]; return value, ok })
	config := host.Load(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	config.Flags = c.file
	c.base, c.stop = hosttest.Run(t, console.Service(system), host.Options{
		Config: config, Telemetry: telemetry.Config{Memory: c.memory, LogOutput: io.Discard, Shared: shared},
	})
	return c
}

var client = &http.Client{Timeout: deadline, Transport: &http.Transport{DisableKeepAlives: true}}

// call sends a request, with headers as pairs of name and value, and returns the status and the body of the answer.
func (c *running) call(t *testing.T, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	c.header = resp.Header
	if problem := resp.Header.Get("Content-Type") == "application/problem+json"; problem != (resp.StatusCode >= 400) {
		t.Errorf("%s %s answers %d as %s", method, path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return resp.StatusCode, string(text)
}

// read decodes the JSON of a 200.
func read[T any](t *testing.T, status int, body string) (value T) {
	t.Helper()
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return value
}
