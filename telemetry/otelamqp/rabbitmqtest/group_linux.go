package rabbitmqtest

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
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

// awaitStopped waits until every thread of a process group stands still: the kernel stops them one after another, and the
// broker could answer meanwhile.
func awaitStopped(group int) error {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.After(stopTime); !allStopped(group); {
		select {
		case <-look.C:
		case <-end:
			return errors.New("the broker's processes do not stand still")
		}
	}
	return nil
}

func allStopped(group int) bool {
	threads, err := filepath.Glob("/proc/[0-9]*/task/[0-9]*/stat")
	if err != nil {
		return false
	}
	for _, path := range threads {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name in brackets may hold anything; behind it stand state, parent and group (proc_pid_stat(5)).
		_, rest, _ := strings.Cut(string(text[max(0, strings.LastIndexByte(string(text), ')')):]), " ")
		fields := strings.Fields(rest)
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && fields[0] != "T" && fields[0] != "Z" {
			return false
		}
	}
	return true
}
