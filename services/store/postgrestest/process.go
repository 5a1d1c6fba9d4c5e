package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// process is one run of the server.
type process struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{} // closed when it has ended
}

// installed returns the folder of PostgreSQL's programs. If there is none, the error says what to install.
func installed() (string, error) {
	// Debian installs each version in a folder of its own, which is not on the PATH.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed: on Debian or Ubuntu run " +
			"'apt-get install -y --no-install-recommends postgresql', elsewhere put initdb and postgres on the PATH")
	}
	return filepath.Dir(path), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// account returns the user of the server, or nil for the user of the tests.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// initialize creates the data folder without syncing it: the data need not survive a crash of the machine.
func (s *Server) initialize() error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.Password), 0o600); err != nil {
		return fmt.Errorf("write the password: %w", err)
	}
	who, err := account()
	if err != nil {
		return err
	}
	if who != nil {
		for _, path := range []string{s.dir, secret} {
			if err := os.Chown(path, int(who.Uid), int(who.Gid)); err != nil {
				return fmt.Errorf("give the server its folder: %w", err)
			}
		}
	}
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "--pgdata="+s.data, "--username="+User, //nolint:noctx // it ends by itself
		"--pwfile="+secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (s *Server) launch() (*process, error) {
	who, err := account()
	if err != nil {
		return nil, err
	}
	p := &process{log: filepath.Join(s.dir, "output.log"), exited: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer out.Close()                                                    //nolint:errcheck // the child has its own descriptor
	p.cmd = exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data, //nolint:noctx // it lives until stop or kill
		"-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(s.Port), "-c", "unix_socket_directories=", // TCP only
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=32MB")
	p.cmd.Dir = s.dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = attributes(who)
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return p, nil
}

// stop asks for a fast shutdown (https://www.postgresql.org/docs/current/server-shutdown.html).
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("the server did not stop within %s: %s", stopTime, p.tail()), p.kill())
	}
}

// tail returns the end of the server's output, for error messages.
func (p *process) tail() string {
	out, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(out[max(0, len(out)-2000):])
}
