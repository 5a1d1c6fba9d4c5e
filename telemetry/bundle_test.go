package telemetry_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// start returns the telemetry of a service, with spans in memory and log lines in a buffer.
func start(t *testing.T, service string) (*telemetry.Telemetry, *telemetry.Memory, *lockedBuffer) {
	t.Helper()
	memory, log := &telemetry.Memory{}, &lockedBuffer{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: service, Version: "1.2.3", Memory: memory, LogOutput: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tel.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return tel, memory, log
}

func byName(spans []tracetree.Span) map[string]tracetree.Span {
	found := map[string]tracetree.Span{}
	for _, span := range spans {
		found[span.Name] = span
	}
	return found
}

// lockedBuffer is a buffer for log lines that is safe for concurrent use.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Reset()
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// line decodes the only log line.
func (b *lockedBuffer) line(t *testing.T) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(b.String()), &fields); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return fields
}
