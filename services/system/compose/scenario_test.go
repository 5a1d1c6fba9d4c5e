package compose

import (
	"path/filepath"
	"testing"
)

// scenariosPass runs scenarios from the folder of the checkout: one that stops a container, one with a process that dies, one with
// the rights of the kitchen, one with those of the operator, and one that stops the Collector until an alert fires.
func scenariosPass(t *testing.T, p *system) {
	program := filepath.Join(t.TempDir(), "traceria")
	p.run(t, "go build -o "+program+" ./services")
	p.run(t, program+" scenario run happy-path subscriber-queue crash redrive new-subscriber alert-target-down")
	p.refused(t, "docker compose exec order /traceria scenario run subscriber-queue")
	consoleRunsScenarios(t, p, program)
	p.healthy(t)
}
