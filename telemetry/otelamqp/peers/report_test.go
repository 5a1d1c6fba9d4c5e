package peers

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// result is one line of the report.
type result struct {
	Workload string  `json:"workload"`
	Library  string  `json:"library"`
	Rate     float64 `json:"messagesPerSecond"`
	Ratio    float64 `json:"ofAMQP091Go"` // the median of the ratios within each round
	Low      float64 `json:"lowerQuartile"`
	High     float64 `json:"upperQuartile"`
	CPU      float64 `json:"clientCPUMicrosecondsPerMessage"`
}

func report(b *testing.B, all []peer, results map[string]map[string][]measurement) {
	b.Helper()
	var lines []result
	var table strings.Builder
	for _, w := range workloads {
		fmt.Fprintf(&table, "\n%-24s %12s %14s %17s %22s\n", w.name, "messages/s", "of amqp091-go", "(quartiles)", "client CPU, µs/message")
		for _, p := range all {
			r := compare(w.name, p.name, results[w.name][p.name], results[w.name][all[0].name])
			lines = append(lines, r)
			fmt.Fprintf(&table, "  %-22s %12.0f %14.3f %9.3f - %.3f %22.1f\n", r.Library, r.Rate, r.Ratio, r.Low, r.High, r.CPU)
			b.ReportMetric(r.Ratio, strings.ReplaceAll(w.name+"/"+p.name, " ", "_"))
		}
	}
	way(&table, all, results)
	fmt.Println(table.String())
	if path := os.Getenv("PEERS_JSON"); path != "" {
		text, err := json.MarshalIndent(lines, "", "  ")
		if err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// way adds what one message costs the client on its whole way: published in a window, confirmed, consumed, acked.
func way(table *strings.Builder, all []peer, results map[string]map[string][]measurement) {
	cpu := func(library string) float64 {
		base := results[publishing256][library]
		return compare("", "", base, base).CPU + compare("", "", results[consuming100][library], base).CPU
	}
	fmt.Fprintf(table, "\n%-24s %49s %22s\n", "a message's whole way", "of amqp091-go", "client CPU, µs/message")
	for _, p := range all {
		fmt.Fprintf(table, "  %-22s %49.2f %22.1f\n", p.name, cpu(p.name)/cpu(all[0].name), cpu(p.name))
	}
}

func compare(workload, library string, measured, base []measurement) result {
	rates, cpus, ratios := make([]float64, len(base)), make([]float64, len(base)), make([]float64, len(base))
	for i, m := range measured {
		rates[i], cpus[i], ratios[i] = m.rate, m.cpu, m.rate/base[i].rate
	}
	return result{
		workload, library, quantile(rates, 0.5), quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75), quantile(cpus, 0.5),
	}
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}
