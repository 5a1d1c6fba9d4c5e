package host_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/telemetry"
)

// app is a service with the routes of the test.
type app struct{ routes func(*host.Routes) }

func (a app) Routes(r *host.Routes)                { a.routes(r) }
func (a app) Subscriptions() []broker.Subscription { return nil }

// running is a service that listens. It has no broker.
type running struct {
	base   string
	memory *telemetry.Memory
	log    *lockedBuffer
	stop   func() error
}

const deadline = 20 * time.Second

// run starts a service as main does.
func run(t *testing.T, routes func(*host.Routes)) *running {
	t.Helper()
	return runWith(t, environment{"AMQP_URL": "amqp://guest:guest@127.0.0.1:1/"}, routes)
}

func runWith(t *testing.T, set environment, routes func(*host.Routes)) *running {
	t.Helper()
	return runAs(t, "test", set, routes)
}

func runAs(t *testing.T, name string, set environment, routes func(*host.Routes)) *running {
	t.Helper()
	return serve(t, name, set, app{routes})
}

func runApp(t *testing.T, served host.App) *running {
	t.Helper()
	return serve(t, "test", environment{"AMQP_URL": "amqp://guest:guest@127.0.0.1:1/"}, served)
}

func serve(t *testing.T, name string, set environment, served host.App) *running {
	t.Helper()
	r := &running{memory: &telemetry.Memory{}, log: &lockedBuffer{}}
	set["HTTP_ADDR"], set["DATABASE_URL"] = "127.0.0.1:0", "sqlite:"+filepath.Join(t.TempDir(), "{service}.db")
	config := host.Load(host.NewEnv(set.lookup))
	config.Flags.Path = filepath.Join(t.TempDir(), "flags.json") // not the user's file
	service := host.Service{Name: name, New: func(*host.Host) (host.App, error) { return served, nil }}
	r.base, r.stop = hosttest.Run(t, service, host.Options{
		Config: config, Telemetry: telemetry.Config{Memory: r.memory, LogOutput: r.log},
	})
	return r
}

// client keeps no idle connections, which would be leaked goroutines.
var client = &http.Client{Timeout: deadline, Transport: &http.Transport{DisableKeepAlives: true}}

// answer is an HTTP answer as the caller reads it.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r *running) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
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
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// dial opens a connection for raw requests.
func (r *running) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// readAnswer reads an HTTP answer from a connection.
func readAnswer(t *testing.T, conn net.Conn) answer {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// problem asserts that the answer is a problem document (RFC 9457) and returns it.
func (a answer) problem(t *testing.T) host.Problem {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type is %q", got)
	}
	var p host.Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	if p.Status != a.status || p.Title == "" {
		t.Errorf("HTTP status %d, problem %+v: want the same status and a title", a.status, p)
	}
	return p
}

// lockedBuffer collects log lines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for end := time.After(deadline); !condition(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("not within %s: %s", deadline, what)
		}
	}
}
