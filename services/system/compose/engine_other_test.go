//go:build !linux

package compose

import "testing"

func ownEngine(t *testing.T, why error) machine {
	t.Helper()
	t.Skipf("no Docker engine can be had: %v; the test starts an engine of its own on Linux only", why)
	return machine{}
}
