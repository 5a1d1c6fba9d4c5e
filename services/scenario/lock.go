//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// detach keeps Ctrl-C in the terminal from the command.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// lock locks the journal until unlock is called or the process ends. The error wraps [ErrBusy] if another run has the lock.
func lock(journal string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(journal), 0o755); err != nil {
		return nil, fmt.Errorf("the folder of the journal: %w", err)
	}
	file, err := os.OpenFile(journal+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock of the journal: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%w (%s is locked)", ErrBusy, file.Name())
	}
	return func() { _ = file.Close() }, nil
}
