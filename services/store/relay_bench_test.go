package store_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"traceria/services/event"
	"traceria/services/store"
	"traceria/telemetry"
)

// taken is a broker that accepts every message at once.
type taken struct{ n chan int }

func (p taken) Publish(_ context.Context, batch []event.Outgoing) []error {
	p.n <- len(batch)
	return make([]error, len(batch))
}

// BenchmarkRelay measures the cost of the outbox for one event: its row, the relay's query, and the row of the sent message.
// TRACERIA_BENCH_DATABASE is the URL of another database than SQLite.
func BenchmarkRelay(b *testing.B) {
	url := os.Getenv("TRACERIA_BENCH_DATABASE")
	if url == "" {
		url = "sqlite:" + b.TempDir() + "/order.db"
	}
	tel, err := telemetry.Start(b.Context(), telemetry.Config{Service: "order", Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	db, err := store.Open(b.Context(), url, "order", schema, tel)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	sent, ended := make(chan int, 1000), make(chan bool)
	go func() { defer close(ended); db.Relay(ctx, taken{sent}, tel.Log) }()
	defer func() { cancel(); <-ended; _ = db.Close() }()
	const burst = 100
	for b.Loop() {
		if err := db.Do(b.Context(), func(tx *store.Tx) error {
			for i := range burst {
				if err := tx.Publish(b.Context(), event.OrderBoxed{OrderID: fmt.Sprint("o-", i)}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		for got := 0; got < burst; got += <-sent {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*burst), "us/event")
}
