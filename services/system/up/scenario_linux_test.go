package up

import (
	"encoding/json"
	"syscall"
	"testing"
)

// scenariosPutBackWhatTheyChange runs scenarios that stop services and set switches: to the end, up to Ctrl-C, and up to a kill.
func scenariosPutBackWhatTheyChange(t *testing.T, h house) {
	t.Helper()
	h.run(t, 0, "bin/traceria", "failure", "set", "kitchen.slow=2s")
	contains(t, h.run(t, 0, "bin/traceria", "scenario", "run", "subscriber-queue", "dual-write", "redrive"),
		"kitchen.slow is 2s; it is off during the run", "subscriber-queue: passed", "dual-write: passed", "redrive: passed")
	isSet(t, h, "kitchen.slow")
	h.run(t, 0, "bin/traceria", "failure", "clear")

	s := h.start(t, "bin/traceria", "scenario", "run", "notification-callback")
	s.until(t, "place an order") // event.style is set
	isSet(t, h, "event.style")
	contains(t, h.run(t, 1, "bin/traceria", "scenario", "run", "happy-path"), "another run of scenarios has not ended")
	s.ctrlC(t)
	if out, code := s.end(t); code != 1 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	isSet(t, h)

	s = h.start(t, "bin/traceria", "scenario", "run", "add-messaging")
	s.until(t, "place an order") // loyalty is stopped
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.end(t)
	isSet(t, h, "integration")
	contains(t, h.run(t, 0, "bin/traceria", "scenario", "run", "happy-path"), "did not end; its changes are put back", "start loyalty", "happy-path: passed")
	isSet(t, h)
}

// isSet checks which keys are on.
func isSet(t *testing.T, h house, keys ...string) {
	t.Helper()
	var statuses []struct {
		Key    string
		Active *struct{ Variant string }
	}
	if err := json.Unmarshal([]byte(h.run(t, 0, "bin/traceria", "failure", "list", "--json")), &statuses); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, key := range keys {
		want[key] = true
	}
	for _, s := range statuses {
		if on := s.Active != nil; on != want[s.Key] {
			t.Errorf("%s: on is %t, want %t", s.Key, on, want[s.Key])
		}
	}
}
