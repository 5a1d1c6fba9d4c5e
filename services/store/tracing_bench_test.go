package store_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

// BenchmarkTracing compares the choices of trace.database in turns within one run and reports medians. An operation is a
// handler's transaction of five statements. A Collector drops the spans. "memory" leaves the disk's sync out, which takes
// the largest part of a commit. TRACERIA_BENCH_DATABASE is the URL of another database than SQLite.
func BenchmarkTracing(b *testing.B) {
	b.Run("disk", func(b *testing.B) { benchmarkTracing(b, "FULL") })
	if os.Getenv("TRACERIA_BENCH_DATABASE") == "" {
		b.Run("memory", func(b *testing.B) { benchmarkTracing(b, "OFF") })
	}
}

func benchmarkTracing(b *testing.B, sync string) {
	db, tracer, now := traced(b)
	if os.Getenv("TRACERIA_BENCH_DATABASE") == "" {
		if _, err := db.ExecContext(b.Context(), "PRAGMA synchronous = "+sync); err != nil {
			b.Fatal(err)
		}
	}
	choices := []store.Tracing{store.TraceOff, store.TraceTransactions, store.TraceStatements}
	took := map[store.Tracing][]time.Duration{}
	n := 0
	for b.Loop() {
		n++
		for i := range choices { // each choice is first in a third of the turns
			*now = choices[(n+i)%len(choices)]
			began := time.Now()
			ctx, span := tracer.Start(b.Context(), "process")
			if err := handleOne(ctx, db, fmt.Sprint(*now, time.Now().UnixNano())); err != nil {
				b.Fatal(err)
			}
			span.End()
			took[*now] = append(took[*now], time.Since(began))
		}
	}
	median := func(choice store.Tracing) float64 {
		slices.Sort(took[choice])
		return float64(took[choice][n/2].Nanoseconds()) / 1000
	}
	for _, choice := range choices {
		b.ReportMetric(median(choice), "us/"+string(choice))
	}
	b.ReportMetric(median(store.TraceTransactions)/median(store.TraceOff), "transactions/off")
	b.ReportMetric(median(store.TraceStatements)/median(store.TraceOff), "statements/off")
}

// traced opens a database whose spans go to a Collector that drops them. The caller sets the choice in now.
func traced(b *testing.B) (db *store.DB, tracer trace.Tracer, now *store.Tracing) {
	b.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	b.Cleanup(collector.Close)
	b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	tel, err := telemetry.Start(b.Context(), telemetry.Config{Service: "order", LogOutput: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = tel.Shutdown(context.Background()) })
	url := os.Getenv("TRACERIA_BENCH_DATABASE")
	if url == "" {
		url = "sqlite:" + b.TempDir() + "/order.db"
	}
	if db, err = store.Open(b.Context(), url, "order", schema, tel); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	now = new(store.Tracing)
	db.TakePart(store.Seams{Tracing: func(context.Context) store.Tracing { return *now }})
	return db, tel.TracerProvider.Tracer("bench"), now
}

// handleOne handles one event as a service does.
func handleOne(ctx context.Context, db *store.DB, id string) error {
	ctx = telemetry.WithConversation(ctx, id)
	ctx = event.WithReceipt(ctx, "kitchen.order-confirmed", event.Envelope{Metadata: event.Metadata{EventID: id}})
	return db.Once(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT id FROM orders WHERE id = $1`, id).Scan(new(string)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET id = id WHERE id = $1`, id); err != nil {
			return err
		}
		return tx.Publish(ctx, event.OrderBoxed{OrderID: id})
	})
}
