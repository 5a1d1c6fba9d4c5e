//go:build unix && !linux

package postgrestest

import (
	"errors"
	"os"
	"syscall"
)

// attributes runs the server as who.
func attributes(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true}
}

// run starts the process and waits for its end.
func (p *process) run(started chan<- error) {
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // the exit code after a signal says nothing
		close(p.exited)
	}
}

// kill ends the server with SIGKILL. Its backends notice that and end.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-p.exited
	return err
}

// freeze is not supported: the backends are only known on Linux.
func (p *process) freeze(bool) error { return errors.ErrUnsupported }
