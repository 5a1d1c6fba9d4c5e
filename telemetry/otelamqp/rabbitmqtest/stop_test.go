package rabbitmqtest

import (
	"testing"
	"time"
)

// Erlang loses a SIGTERM that comes in the first moments of its start. The broker ends all the same.
func TestStopAmidTheStart(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, moment := range []time.Duration{100, 200, 300, 400, 500, 700} {
		t.Run((moment * time.Millisecond).String(), func(t *testing.T) {
			t.Parallel()
			release, err := chosen()
			if err != nil {
				t.Fatal(err)
			}
			s := settings{release: release, dir: t.TempDir()}
			if s.port, s.mgmt, err = freePorts(); err != nil {
				t.Fatal(err)
			}
			run, err := launch(s)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stopEpmd(s) })
			time.Sleep(moment * time.Millisecond)
			start := time.Now()
			if err := run.stop(); err != nil || time.Since(start) > 30*time.Second {
				t.Errorf("it ended after %s: %v", time.Since(start), err)
			}
		})
	}
}
