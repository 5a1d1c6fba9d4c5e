package journeys

import (
	"fmt"
	"testing"
	"time"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// batch has 2,000 spans of orders that no other batch has.
func batch(b *testing.B, from int) []byte {
	b.Helper()
	var spans []tracetree.Span
	for n := from; len(spans) < 2000; n++ {
		spans = append(spans, newOrder(n, false)...)
	}
	body, err := otlp.MarshalProto(spans[:2000])
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// BenchmarkAdd2000 measures what a sender waits for: decoding is not in it.
func BenchmarkAdd2000(b *testing.B) {
	s := New(Options{})
	defer s.Close()
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		spans, _, err := otlp.ReadTraces(batch(b, n*100), otlp.Protobuf)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s.Add(spans, SourceOTLP)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/span")
}

// BenchmarkSustained measures all that a span costs: decoding, adding, rows and compression.
func BenchmarkSustained(b *testing.B) {
	c := newClock(epoch)
	s := New(Options{Now: c.now})
	s.Close() // the benchmark does the work itself
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		body := batch(b, n*100)
		b.StartTimer()
		spans, _, err := otlp.ReadTraces(body, otlp.Protobuf)
		if err != nil {
			b.Fatal(err)
		}
		s.Add(spans, SourceOTLP)
		c.add(200 * time.Millisecond)
		s.step(false)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/span")
}

// full returns a store of 5,000 orders at rest.
func full(b *testing.B) *Store {
	b.Helper()
	c := newClock(epoch)
	s := New(Options{Now: c.now})
	b.Cleanup(s.Close)
	for n := 0; n < 5000; n += 250 {
		fill(b, s, n, n+250, false)
		c.add(5 * time.Second)
		s.Flush()
	}
	c.add(time.Minute)
	s.Flush()
	return s
}

func BenchmarkRowsOf5000(b *testing.B) {
	s := full(b)
	n := 0
	for _, test := range []struct {
		name   string
		filter func() Filter
	}{
		{"all", func() Filter { return Filter{} }},
		{"text", func() Filter { return Filter{Text: "order-confirmed"} }},
		// Another value each time: the results of the last filters are cached.
		{"attribute", func() Filter { n++; return Filter{Attributes: []string{fmt.Sprint("messaging.client.id=order", n)}} }},
		{"rare", func() Filter { n++; return Filter{Attributes: []string{fmt.Sprint("no.such.attribute", n)}} }},
		{"cached", func() Filter { return Filter{Attributes: []string{"traceria.customer=customer-3"}} }},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				s.Rows(test.filter(), Attention, 200, 0)
			}
		})
	}
	b.Run("changes", func(b *testing.B) {
		for b.Loop() {
			s.Changes(s.Version(), Filter{})
		}
	})
}
