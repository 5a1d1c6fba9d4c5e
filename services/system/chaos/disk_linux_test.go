package chaos

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// mountSmallDisk mounts a file system in memory of so many bytes, until the test ends. Only root may: for others the
// test is skipped, and says so.
func mountSmallDisk(t *testing.T, size int) string {
	t.Helper()
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("a full disk cannot be shown here: to mount a small file system needs root (CAP_SYS_ADMIN)")
	}
	if err != nil {
		t.Fatalf("mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Errorf("unmount %s: %v", folder, err)
		}
	})
	return folder
}
