package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// ready waits for every part, the broker and the telemetry included.
const ready = "docker compose exec order /traceria status --wait --timeout 2m"

// stopAndStart stops each container for a while, with orders placed meanwhile.
func stopAndStart(t *testing.T, p *system) {
	for _, service := range []string{"kitchen", "delivery", "loyalty", "staff", "topology", "console", "collector", "jaeger", "prometheus", "rabbitmq"} {
		t.Run(service, func(t *testing.T) {
			p.run(t, "docker compose stop "+service)
			p.place(t, 2)
			p.run(t, "docker compose start "+service)
		})
	}
	t.Run("order", func(t *testing.T) {
		p.run(t, "docker compose stop order")
		p.refused(t, orderLine)
		p.run(t, "docker compose start order")
	})
	p.run(t, ready)
	p.settled(t, p.orders, 2*time.Minute)
	p.healthy(t)
}

// restartsUnderLoad restarts the broker ten times while two orders a second come in.
func restartsUnderLoad(t *testing.T, p *system) {
	stop := filepath.Join(t.TempDir(), "stop")
	var out string
	var failed error
	var load sync.WaitGroup
	load.Go(func() {
		sh := p.shell
		sh.limit = 10 * time.Minute
		out, failed = sh.try(t.Context(), fmt.Sprintf("for i in $(seq 2000); do [ ! -e %s ] || exit 0; %s; echo; sleep 0.4; done", stop, orderLine))
	})
	for range 10 {
		p.run(t, "docker compose restart rabbitmq")
		p.run(t, "docker compose exec console traceria status order kitchen delivery loyalty --wait --timeout 2m")
	}
	if err := os.WriteFile(stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	load.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	before := len(p.orders)
	p.accepted(t, out)
	t.Logf("%d orders were accepted meanwhile", len(p.orders)-before)
	p.settled(t, p.orders, 3*time.Minute)
	p.steady(t)
	p.healthy(t)
}

// steady fails when a container ran out of memory, or ended by itself since its last start.
func (p *system) steady(t *testing.T) {
	t.Helper()
	out := p.run(t, "docker inspect --format '{{.RestartCount}} {{.State.OOMKilled}} {{.Name}}' $(docker compose ps --all --quiet)")
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "0 false ") {
			t.Errorf("restarts, out of memory, container: %s", line)
		}
	}
	p.run(t, "docker stats --no-stream --format 'table {{.Name}}\t{{.MemUsage}}'")
}
