package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// Colours are for terminals, unless NO_COLOR is set.
func TestColoursAreForTerminals(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be opened: %v", err)
	}
	defer master.Close()
	t.Setenv("NO_COLOR", "")
	plain, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if !coloured(&output{to: master}) || coloured(&output{to: plain}) || coloured(plain) {
		t.Error("a terminal is taken for a file, or a file for a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if coloured(&output{to: master}) {
		t.Error("NO_COLOR is not respected")
	}
}
