package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAProfileIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "order.pprof")
	done, err := profile(path)
	if err != nil {
		t.Fatal(err)
	}
	done()
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("got %v, %v, want a profile", info, err)
	}
}

func TestAProfileThatCannotBeWrittenIsAnError(t *testing.T) {
	if _, err := profile(filepath.Join(t.TempDir(), "missing", "order.pprof")); err == nil {
		t.Error("got no error for a folder that does not exist")
	}
}
