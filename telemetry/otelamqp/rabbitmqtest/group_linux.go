package rabbitmqtest

import (
	"runtime"
	"syscall"
)

// ownGroup puts the broker into a process group of its own and ends it with the test process, even when that is killed or
// panics on a timeout.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// run starts the process and waits for its end on one thread: the kernel sends the signal when the thread that started
// the child ends, and Go ends threads.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // the exit code after a signal says nothing
		close(p.exited)
	}
}
