// Package chaos breaks one part of the running system at a time under load. Afterwards it counts lost orders and
// doubled effects. Services, broker, Collector and Jaeger are real processes, and the faults are real: SIGKILL,
// SIGSTOP, a full file system, a locked file.
//
// The expected result follows from the orders that were answered with 202 alone, not from statements of the system.
package chaos

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
