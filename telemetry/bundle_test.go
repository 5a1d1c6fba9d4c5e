package telemetry_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// start starts the telemetry of a service, with its spans in memory and its log lines in a buffer.
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

// lockedBuffer keeps log lines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// line reads the only log line.
func (b *lockedBuffer) line(t *testing.T) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(b.String()), &fields); err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return fields
}
