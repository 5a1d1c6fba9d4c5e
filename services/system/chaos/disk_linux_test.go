package chaos

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// mountSmallDisk mounts a tmpfs of size bytes until the test ends. It skips the test for users that may not mount.
func mountSmallDisk(t *testing.T, size int) string {
	t.Helper()
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("cannot test a full disk: mounting a small file system needs root (CAP_SYS_ADMIN)")
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
