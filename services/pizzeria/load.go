package pizzeria

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"traceria/services/host"
	"traceria/services/load"
)

const (
	// droppedTime limits the question to one part.
	droppedTime = 3 * time.Second
	// longestMetrics is how many bytes of the Collector's metrics are read.
	longestMetrics = 4 << 20
)

// DroppedSpans returns a function that asks each service and the Collector how many spans it has dropped since its start.
func DroppedSpans(config host.Config) func(context.Context) []load.Dropped {
	return func(ctx context.Context) (all []load.Dropped) {
		ctx, cancel := context.WithTimeout(ctx, droppedTime)
		defer cancel()
		for _, service := range Services() {
			now, err := readinessAt(ctx, config.URLs[service.Name])
			all = append(all, dropped(service.Name, now.Telemetry.Spans, err))
		}
		n, err := collectorDropped(ctx, config.CollectorMetricsURL)
		return append(all, dropped("collector", n, err))
	}
}

func dropped(part string, spans int64, err error) load.Dropped {
	d := load.Dropped{Part: part, Spans: spans}
	if err != nil {
		d.Unknown = err.Error()
	}
	return d
}

// collectorDropped reads the Collector's own metrics: the spans that its exporter for Jaeger has given up. What the Collector
// refuses is not among them, because the sender keeps it. What it drops on the way to the console does not matter to a trace.
func collectorDropped(ctx context.Context, address string) (int64, error) {
	code, body, err := get(ctx, address, longestMetrics, nil)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("answers %d", code)
	}
	if err != nil {
		return 0, err
	}
	sum := 0.0
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "} ")
		if !strings.HasPrefix(name, "otelcol_exporter_send_failed_spans") || strings.Contains(name, `exporter="otlphttp/console"`) ||
			strings.Contains(name, `exporter="otlp_http/console"`) {
			continue
		}
		if n, err := strconv.ParseFloat(strings.Fields(value + " 0")[0], 64); err == nil {
			sum += n
		}
	}
	return int64(sum), lines.Err()
}
