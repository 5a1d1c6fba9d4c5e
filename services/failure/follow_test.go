package failure

import (
	"path/filepath"
	"testing"
)

// The file is read five times a second, and parsed only when it has changed: parsing takes many times as long.
func TestAFileThatHasNotChangedIsNotParsedAgain(t *testing.T) {
	f := &follower{file: File{Path: filepath.Join(t.TempDir(), "flags.json")}}
	if err := f.file.Create(); err != nil {
		t.Fatal(err)
	}
	text, err := f.good(nil)
	if err != nil {
		t.Fatal(err)
	}
	count := func(known []byte) float64 {
		return testing.AllocsPerRun(5, func() {
			if got, err := f.good(known); err != nil || string(got) != string(text) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
	if changed, same := count([]byte("{}")), count(text); same > changed/10 {
		t.Errorf("%.0f allocations for a file that has changed, %.0f for the same file", changed, same)
	}
}

// The kernel cannot read the first page of a process's memory: the file opens, and its reading fails.
func TestAFileThatCannotBeReadHasNoText(t *testing.T) {
	t.Parallel()
	f := &follower{file: File{Path: "/proc/self/mem"}}
	if text, err := f.good([]byte("{}")); text != nil || err == nil {
		t.Errorf("got %q, %v; want no text for the provider, and an error", text, err)
	}
}
