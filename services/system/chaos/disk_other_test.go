//go:build !linux

package chaos

import "testing"

// mountSmallDisk skips the test, because it supports Linux only.
func mountSmallDisk(t *testing.T, _ int) string {
	t.Helper()
	t.Skip("cannot test a full disk: mounting a small file system is implemented for Linux only")
	return ""
}
