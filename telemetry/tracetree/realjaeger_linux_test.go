package tracetree

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the command when the test binary ends without saying goodbye: a panic, a time limit.
func dieWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
