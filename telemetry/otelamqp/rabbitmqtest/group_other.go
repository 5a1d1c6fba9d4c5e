//go:build unix && !linux

package rabbitmqtest

import (
	"syscall"
	"time"
)

// ownGroup puts the broker into a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// run starts the process and waits for its end.
func (p *process) run(started chan<- error) {
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // the exit code after a signal says nothing
		close(p.exited)
	}
}

// awaitStopped cannot look, and gives the kernel a moment.
func awaitStopped(int) error {
	<-time.After(100 * time.Millisecond)
	return nil
}
