//go:build !linux

package chaos

import "testing"

// mountSmallDisk knows the file systems of Linux only.
func mountSmallDisk(t *testing.T, _ int) string {
	t.Helper()
	t.Skip("a full disk cannot be shown here: the test mounts a file system in memory, which it knows for Linux only")
	return ""
}
