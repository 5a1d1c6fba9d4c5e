package cli

import (
	"runtime/debug"
	"testing"
)

func TestGOGCHasPrecedence(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	t.Setenv("GOGC", "150")
	collectLessOften()
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("with GOGC the percentage was changed to %d", got)
	}
	t.Setenv("GOGC", "")
	collectLessOften()
	if got := debug.SetGCPercent(100); got != garbagePercent {
		t.Errorf("the percentage is %d, want %d", got, garbagePercent)
	}
}
