package compose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// engine is a Docker engine of the test's own. Its images stay in the cache, its containers do not.
type engine struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the engine has ended
	log    string
	socket string
}

// A private engine has a network of its own, where the standard ports are free. It leaves no rule and no bridge on the
// machine. A folder /run of its own hides another engine's containerd.
const (
	private = `ip link set lo up && mount --make-rprivate / && mount -t tmpfs tmpfs /run && exec "$@"`
	public  = `exec "$@"`
)

// startEngine starts dockerd with its data in folder, and ends it when the test ends. A private engine reaches no
// other machine, and is reached from its own network only.
func startEngine(t *testing.T, folder string, isPrivate bool) *engine {
	t.Helper()
	volatile, err := os.MkdirTemp("", "traceria-docker-") //nolint:usetesting // a short path: that of a socket has 107 characters at most
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{exited: make(chan struct{}), log: filepath.Join(folder, "dockerd.log"), socket: filepath.Join(volatile, "docker.sock")}
	lock := lockFolder(t, folder)
	args := []string{"sh", "-c", public}
	if isPrivate {
		args = []string{"unshare", "--net", "--mount", "sh", "-c", private}
	}
	args = append(args, "sh", "dockerd", "--data-root", filepath.Join(folder, "data"), "--exec-root", filepath.Join(volatile, "run"),
		"--pidfile", filepath.Join(volatile, "docker.pid"), "--host", "unix://"+e.socket, "--log-level", "warn")
	e.cmd = exec.Command(args[0], args[1:]...)
	e.cmd.ExtraFiles = []*os.File{lock} // locked as long as the engine lives
	// The engine ends with this process, however that ends. Ctrl-C reaches the test first.
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	t.Cleanup(func() { e.stop(t); _ = lock.Close(); _ = os.RemoveAll(volatile) })
	if err := e.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// start returns when the engine answers.
func (e *engine) start(ctx context.Context) error {
	out, err := os.Create(e.log)
	if err != nil {
		return err
	}
	defer out.Close()
	e.cmd.Stdout, e.cmd.Stderr = out, out
	started := make(chan error)
	go func() {
		defer close(e.exited)
		runtime.LockOSThread() // Pdeathsig is about the thread
		defer runtime.UnlockOSThread()
		err := e.cmd.Start()
		started <- err
		if err == nil {
			_ = e.cmd.Wait() // its log says why it ended
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start dockerd: %w", err)
	}
	return e.await(ctx)
}

func (e *engine) await(ctx context.Context) error {
	limit := time.After(time.Minute)
	for {
		if exec.CommandContext(ctx, "docker", "--host", "unix://"+e.socket, "info").Run() == nil {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-e.exited:
			return fmt.Errorf("dockerd ended at its start:\n%s", e.tail())
		case <-limit:
			return fmt.Errorf("dockerd did not answer within a minute:\n%s", e.tail())
		}
	}
}

// stop ends the engine, which ends its containers first.
func (e *engine) stop(t *testing.T) {
	if e.cmd.Process == nil {
		return
	}
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop dockerd: %v", err)
	}
	select {
	case <-e.exited:
	case <-time.After(time.Minute):
		t.Errorf("dockerd did not stop within a minute:\n%s", e.tail())
		_ = e.cmd.Process.Kill()
		<-e.exited
	}
}

func (e *engine) tail() string {
	text, err := os.ReadFile(e.log)
	if err != nil {
		return err.Error()
	}
	return excerpt(string(text), 20)
}

// lockFolder waits until no other engine uses the folder.
func lockFolder(t *testing.T, folder string) *os.File {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(folder, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	limit := time.Now().Add(10 * time.Minute)
	for err = syscall.EWOULDBLOCK; errors.Is(err, syscall.EWOULDBLOCK); {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return file
		}
		if time.Now().After(limit) {
			break
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("%s is in use by another engine for more than 10 minutes: %v", folder, err)
	return nil
}
