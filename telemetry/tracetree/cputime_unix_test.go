//go:build unix

package tracetree

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used of its processors. A busy machine does not change it.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
