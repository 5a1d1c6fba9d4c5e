package systemtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"traceria/services/failure"
)

// Flagged returns a system without services whose commands use a flag file of their own.
func Flagged(t *testing.T, env ...string) (*System, failure.File) {
	t.Helper()
	file := failure.File{Path: filepath.Join(t.TempDir(), "flags.json")}
	return &System{Env: append(append(os.Environ(), "TRACERIA_FLAGS="+file.Path), env...)}, file
}

// Listed returns the active settings in `traceria failure list`.
func (s *System) Listed(t *testing.T) (on map[failure.Key]failure.Setting) {
	t.Helper()
	out, err := s.Traceria("failure", "list", "--json")
	var all []failure.Status
	if err != nil || json.Unmarshal([]byte(out), &all) != nil || len(all) != len(failure.Catalogue()) {
		t.Fatalf("%v\n%s", err, out)
	}
	on = map[failure.Key]failure.Setting{}
	for _, status := range all {
		if status.Active != nil {
			on[status.Key] = *status.Active
		}
	}
	return on
}
