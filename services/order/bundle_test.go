package order

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/host/hosttest"
	"traceria/services/store"
	"traceria/telemetry"
)

const deadline = 20 * time.Second

// bundle is an order service without a broker: its events stay in the outbox, where a test reads them.
type bundle struct {
	base   string
	db     *store.DB
	memory *telemetry.Memory
}

// run starts the service as main does.
func run(tb testing.TB) *bundle {
	tb.Helper()
	return runBeside(tb, "", failure.Setting{})
}

// runBeside runs the service with the experiment integration, and with all its peers at one address.
func runBeside(tb testing.TB, peers string, integration failure.Setting) *bundle {
	tb.Helper()
	b := &bundle{memory: &telemetry.Memory{}}
	url := hosttest.DatabaseURL(tb)
	config := host.Load(host.NewEnv(func(name string) (string, bool) {
		value, set := map[string]string{
			"AMQP_URL": "amqp://guest:guest@127.0.0.1:1/", "HTTP_ADDR": "127.0.0.1:0",
			"DATABASE_URL": url, "JAEGER_PUBLIC_URL": "http://jaeger",
		}[name]
		return value, set
	}))
	config.Flags.Path = filepath.Join(tb.TempDir(), "flags.json") // never the user's own
	if peers != "" {
		config.URLs["kitchen"], config.URLs["loyalty"], config.URLs["delivery"] = peers, peers, peers
		if _, err := (failure.File{Path: config.Flags.Path}).Set(failure.Integration, integration); err != nil {
			tb.Fatal(err)
		}
	}
	b.base, _ = hosttest.Run(tb, Service(), host.Options{
		Config: config, Telemetry: telemetry.Config{Memory: b.memory, LogOutput: io.Discard},
	})
	b.db = hosttest.Open(tb, Service(), config.Database(Name))
	return b
}

// client keeps no connection open, so that no goroutine is left.
var client = &http.Client{Timeout: deadline, Transport: &http.Transport{DisableKeepAlives: true}}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (b *bundle) call(tb testing.TB, method, path, body string, header ...string) answer {
	tb.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, text}
}

// read decodes the body of an answer.
func read[T any](tb testing.TB, a answer) T {
	tb.Helper()
	var value T
	if err := json.Unmarshal(a.body, &value); err != nil {
		tb.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return value
}

// place places a valid order.
func (b *bundle) place(tb testing.TB, header ...string) summary {
	tb.Helper()
	a := b.call(tb, http.MethodPost, "/order", goodOrder, header...)
	if a.status != http.StatusAccepted {
		tb.Fatalf("POST /order answers %d %s", a.status, a.body)
	}
	return read[summary](tb, a)
}

const goodOrder = `{"customerId":"c-1","items":[{"itemName":"Margherita","quantity":"all of them"}],` +
	`"deliveryAddress":{"addressLine1":"167 My Street"}}`

// stored counts the orders and the events in the outbox.
func (b *bundle) stored(tb testing.TB) (orders, events int) {
	tb.Helper()
	ctx := context.Background()
	if err := b.db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM orders), (SELECT COUNT(*) FROM outbox)`).Scan(&orders, &events); err != nil {
		tb.Fatal(err)
	}
	return orders, events
}

func names(envelopes []event.Envelope) []string {
	var found []string
	for _, e := range envelopes {
		found = append(found, e.Metadata.EventType+" "+e.Metadata.Version)
	}
	return found
}

// inParallel calls f n times at once and returns all results.
func inParallel[T any](n int, f func(i int) T) []T {
	results := make([]T, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() { results[i] = f(i) })
	}
	calls.Wait()
	return results
}
