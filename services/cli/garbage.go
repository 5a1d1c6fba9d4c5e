package cli

import (
	"os"
	"runtime/debug"
)

// garbagePercent is the growth of the heap after which a service collects garbage. A service keeps about 10 MB, so it may use 50 MB.
// With Go's default of 100 it would collect garbage several times a second under load, which took 6% of its CPU time. Docker
// Compose also sets GOMEMLIMIT, which has precedence.
const garbagePercent = 400

// collectLessOften sets garbagePercent, unless GOGC has a value.
func collectLessOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
