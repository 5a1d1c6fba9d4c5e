package bench

import (
	"maps"
	"slices"
	"testing"
	"time"

	"traceria/services/load"
)

// Soak is the memory of each process over a long time at half of the rate that is held.
type Soak struct {
	Rate     float64     `json:"offeredPerSecond"`
	Time     string      `json:"time"`
	Memory   []Memory    `json:"memory"`
	Load     load.Report `json:"load"`
	TooShort bool        `json:"tooShortForASlope"`
}

// Memory is the resident memory of a process in MB.
type Memory struct {
	Process string  `json:"process"`
	First   float64 `json:"firstMB"` // after the warm-up: the first tenth of the time
	Last    float64 `json:"lastMB"`
	Most    float64 `json:"mostMB"`
	// Slope is MB in an hour, the least squares over the second half of the time.
	Slope   float64  `json:"slopeMBPerHour"`
	Samples []Sample `json:"samples"`
}

// Sample is the memory at a time after the start.
type Sample struct {
	Seconds float64 `json:"seconds"`
	MB      float64 `json:"mb"`
}

// settledAfter is the shortest soak whose slopes are more than the first fill of caches and heaps.
const settledAfter = 10 * time.Minute

// measureSoak reads the memory of every process while orders come. The slope of Jaeger is not flat until it has JAEGER_MAX_TRACES.
func measureSoak(t *testing.T, b *bench) {
	rate := 10.0
	if !b.smoke() {
		rate = b.held(t) / 2
	}
	s := b.shared(t)
	soak := &Soak{Rate: rate, Time: b.size.soak.String(), TooShort: b.size.soak < settledAfter}
	b.report.Soak = soak
	samples := map[string][]Sample{}
	began, every := time.Now(), max(b.size.soak/360, 500*time.Millisecond)
	var last time.Time
	told := began
	a := ask{rate: rate, over: b.size.soak, traces: b.size.tracesOfAll}
	if b.smoke() {
		a.traces = 0
	}
	soak.Load = s.load(t, a, func(p load.Progress) {
		if p.Phase != load.Sending || time.Since(last) < every {
			return
		}
		last = time.Now()
		for name, pid := range s.pids(t) {
			samples[name] = append(samples[name], Sample{time.Since(began).Seconds(), memoryOf(t, pid)})
		}
		if time.Since(told) > time.Minute {
			told = time.Now()
			t.Logf("%s of %s: %d orders delivered; order has %.0f MB, jaeger %.0f MB", time.Since(began).Round(time.Second), b.size.soak,
				p.Delivered, samples["order"][len(samples["order"])-1].MB, samples["jaeger"][len(samples["jaeger"])-1].MB)
		}
	})
	if err := soak.Load.Err(); err != nil {
		t.Error(err)
	}
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		soak.Memory = append(soak.Memory, memory(name, samples[name]))
	}
	if len(soak.Memory) < 8 {
		t.Errorf("the memory of %d processes only was read", len(soak.Memory))
	}
}

func memory(process string, samples []Sample) Memory {
	m := Memory{Process: process, Samples: samples, First: samples[len(samples)/10].MB, Last: samples[len(samples)-1].MB}
	for _, s := range samples {
		m.Most = max(m.Most, s.MB)
	}
	m.Slope = slope(samples[len(samples)/2:])
	return m
}

// slope returns the slope of the least squares in MB an hour.
func slope(samples []Sample) float64 {
	var x, y, xy, xx float64
	n := float64(len(samples))
	for _, s := range samples {
		x += s.Seconds / n
		y += s.MB / n
	}
	for _, s := range samples {
		xy += (s.Seconds - x) * (s.MB - y)
		xx += (s.Seconds - x) * (s.Seconds - x)
	}
	if xx == 0 {
		return 0
	}
	return xy / xx * 3600
}
