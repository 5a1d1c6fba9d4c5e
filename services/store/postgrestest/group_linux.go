package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// attributes runs the server as who. The kernel ends the server with the test process, even if that is killed or panics on a
// timeout. The server's backends end with it.
func attributes(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}

// run starts the process and waits for its end on one locked thread. The kernel sends Pdeathsig when the thread that started
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

// kill ends the server and its backends with SIGKILL.
func (p *process) kill() error {
	err := p.signalAll(syscall.SIGKILL)
	<-p.exited
	return err
}

func (p *process) freeze(stop bool) error {
	if stop {
		return p.signalAll(syscall.SIGSTOP)
	}
	return p.signalAll(syscall.SIGCONT)
}

// signalAll signals the server, so that it starts no more backends, and then its backends.
func (p *process) signalAll(signal syscall.Signal) error {
	pid := p.cmd.Process.Pid
	children, readErr := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	err := p.cmd.Process.Signal(signal)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	for child := range strings.FieldsSeq(string(children)) {
		if n, convErr := strconv.Atoi(child); convErr == nil {
			_ = syscall.Kill(n, signal) // it may have ended by itself
		}
	}
	return errors.Join(err, readErr)
}
