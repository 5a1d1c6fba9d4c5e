package host_test

import (
	"testing"

	"traceria/services/host"
)

func TestOneThingIsSingular(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 events wait", 1: "1 event waits", 2: "2 events wait"} {
		if got := host.Plural(n, "event waits", "events wait"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
