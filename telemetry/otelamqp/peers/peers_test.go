package peers

import (
	"context"
	"fmt"
	"testing"
	"time"

	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// Each library carries every message once. Otherwise a measurement would compare different work.
func TestEachPeerCarriesEveryMessage(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	for _, p := range peers() {
		t.Run(p.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c, empty := opened(t, p, url)
			for size, n := range map[int]int{1: 20, 64: 300} {
				check(ctx, t, c, size, n)
				empty()
			}
		})
	}
}

func check(ctx context.Context, t *testing.T, c client, size, n int) {
	t.Helper()
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = fmt.Appendf(nil, "message %d", i)
	}
	if err := c.publish(ctx, bodies, size); err != nil {
		t.Fatalf("publish with a window of %d: %v", size, err)
	}
	seen := map[string]int{}
	end, err := c.consume(ctx, n, func(body []byte) { seen[string(body)]++ })
	if err != nil {
		t.Fatalf("consume %d: %v", n, err)
	}
	if err := end(); err != nil {
		t.Fatalf("end the consumer: %v", err)
	}
	for _, body := range bodies {
		if seen[string(body)] != 1 {
			t.Errorf("%q came %d times", body, seen[string(body)])
		}
	}
}

// opened returns a client of the peer with an empty queue, and a function that empties the queue again: a library may leave the last
// ack out when its consumer ends. The client is closed when the test ends.
func opened(tb testing.TB, p peer, url string) (c client, empty func()) {
	tb.Helper()
	conn, err := declare(url, "peer-"+p.name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		tb.Fatal(err)
	}
	if c, err = p.open(context.Background(), url, "peer-"+p.name); err != nil {
		tb.Fatalf("open %s: %v", p.name, err)
	}
	tb.Cleanup(func() {
		if err := c.close(); err != nil {
			tb.Errorf("close %s: %v", p.name, err)
		}
	})
	return c, func() {
		if _, err := ch.QueuePurge("peer-"+p.name, false); err != nil {
			tb.Fatalf("empty the queue of %s: %v", p.name, err)
		}
	}
}
