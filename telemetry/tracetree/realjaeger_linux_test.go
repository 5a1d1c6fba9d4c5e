package tracetree

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the command with the test binary, even after a panic or a timeout.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
