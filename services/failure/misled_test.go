package failure_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/failure"
)

// The rule gives what the baggage says, so that the file's check cannot know it.
func TestARuleWithoutAVariantIsLoggedOnce(t *testing.T) {
	t.Parallel()
	f := failure.File{Path: filepath.Join(t.TempDir(), "flags.json")}
	text := `{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off","2s":"2s"},"defaultVariant":"off","targeting":{"var":"baggage.slow"}}}}`
	if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s, err := failure.Open(failure.Options{Service: "kitchen", File: f, Log: zerolog.New(&log)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if variant, on := s.On(carrying(t, "slow=2s"), failure.KitchenSlow); !on || variant != "2s" || log.Len() > 0 {
		t.Errorf("got %s, %t and the log %s", variant, on, log.String())
	}
	lines := func() int { return strings.Count(log.String(), `"key":"kitchen.slow"`) }
	wrong := carrying(t, "slow=20s")
	s.On(wrong, failure.KitchenSlow)
	time.Sleep(500 * time.Millisecond) // the provider reports its start as a change, and that may be late
	s.On(wrong, failure.KitchenSlow)
	told := lines()
	for range 3 {
		if variant, on := s.On(carrying(t, "slow=20s"), failure.KitchenSlow); on || variant != "off" {
			t.Errorf("got %s, %t", variant, on)
		}
	}
	if told == 0 || lines() != told || !strings.Contains(log.String(), "the default applies") {
		t.Errorf("the log is %s", log.String())
	}
}
