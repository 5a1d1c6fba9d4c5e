//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package failure

import (
	"errors"
	"os"
	"syscall"
)

// lock waits for an exclusive lock on the file. The kernel releases it when the process dies.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); { // signals of the Go runtime interrupt the wait
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}
