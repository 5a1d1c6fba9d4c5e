package system

import (
	"os"
	"strings"
	"testing"

	"traceria/services/system/systemtest"
)

// A developer can regenerate the files in any shell.
func TestGeneratedFilesIgnoreTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		args []string
	}{
		{"event/asyncapi.json", []string{"events", "asyncapi"}},
		{"topology/definitions.json", []string{"topology", "show", "--defaults"}},
	} {
		want, err := os.ReadFile(systemtest.InRepository(t, "services/"+c.file))
		if err != nil {
			t.Fatal(err)
		}
		for _, env := range [][]string{
			nil,
			{"EVENT_STYLE=sparse"},
			{"EVENT_STYLE=sparse-callback", "EVENT_VERSIONS=v1"},
			{"LOYALTY_ORDER_CONFIRMED=v2"},
			{"EVENT_STYLE=junk"},
			{"TRACERIA_RETRY_BACKOFF=1s"},
		} {
			if got, err := new(systemtest.System).TraceriaWith(env, c.args...); err != nil || got != string(want) {
				t.Errorf("%v with %v is not %s: %v", c.args, env, c.file, err)
			}
		}
	}
	// The topology to apply follows the configuration.
	if got, err := new(systemtest.System).TraceriaWith([]string{"LOYALTY_ORDER_CONFIRMED=v2", "TRACERIA_RETRY_BACKOFF=7s"}, "topology", "show"); err != nil ||
		!strings.Contains(got, "loyalty.order-confirmed.retry.7s") {
		t.Errorf("%v\n%s", err, got)
	}
}
