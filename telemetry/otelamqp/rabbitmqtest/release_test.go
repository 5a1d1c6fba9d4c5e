package rabbitmqtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestUnknownVersion(t *testing.T) {
	t.Setenv("RABBITMQ", "5.0")
	_, err := chosen()
	if want := "RABBITMQ=5.0: want installed (the default), 4.0 or 4.3"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestWithoutRoot: a user without root and sudo learns what is missing, and nothing is left in the cache.
func TestWithoutRoot(t *testing.T) {
	m := newMachine(t)
	m.program("sudo", "exit 1")
	m.nobody = true
	out, err := m.debian("4.3")
	if want := "cannot make " + m.cache + "/traceria/rabbitmq-4.3: debootstrap needs root. Run as root, allow sudo without a " +
		"password, or use RABBITMQ=installed."; err == nil || !strings.Contains(out, want) {
		t.Errorf("got %v, %s\nwant %s", err, out, want)
	}
	m.empty()
}

// TestTwoProcessesMakeOneSystem: what an interrupted run left is removed, two processes at once make the system once, and
// both get the same folder.
func TestTwoProcessesMakeOneSystem(t *testing.T) {
	m := newMachine(t)
	rest := filepath.Join(m.cache, "traceria", "rabbitmq-4.3.new", "half")
	must(t, os.MkdirAll(rest, 0o755))
	calls, waiting := filepath.Join(t.TempDir(), "calls"), filepath.Join(t.TempDir(), "waiting")
	flock, err := exec.LookPath("flock")
	must(t, err)
	m.program("flock", flock+` "$@" || { touch `+waiting+`; exit 1; }`)
	m.program("debootstrap", `echo "$@" >>`+calls+`; tries=0
		until [ -e `+waiting+` ] || [ $tries = 200 ]; do sleep 0.1; tries=$((tries + 1)); done
		mkdir -p "$4/usr/lib/rabbitmq/lib/rabbitmq_server-4.3.99"`)
	var group sync.WaitGroup
	var outputs [2]string
	for i := range outputs {
		group.Go(func() {
			out, err := m.debian("4.3")
			must(t, err)
			outputs[i] = out
		})
	}
	group.Wait()
	want := m.cache + "/traceria/rabbitmq-4.3\n"
	for _, out := range outputs {
		if !strings.HasSuffix(out, want) {
			t.Errorf("output %q, want the folder %s at its end", out, want)
		}
	}
	if !strings.Contains(outputs[0]+outputs[1], "waiting for another process") {
		t.Errorf("neither waited: %s%s", outputs[0], outputs[1])
	}
	text, err := os.ReadFile(calls)
	must(t, err)
	if got := strings.Fields(string(text)); strings.Count(string(text), "\n") != 1 || got[2] != "forky" {
		t.Errorf("debootstrap was called with %s, want once, with forky", text)
	}
	if _, err := os.Stat(filepath.Join(m.cache, "traceria", "rabbitmq-4.3", "half")); err == nil {
		t.Error("what an interrupted run left is in the system")
	}
}

func TestASystemThatCannotBeMade(t *testing.T) {
	for name, tt := range map[string]struct{ debootstrap, want string }{
		"debootstrap fails": {`echo "I: Retrieving"; echo "E: no such mirror"; exit 1`, "E: no such mirror"},
		"another version":   {`mkdir -p "$4/usr/lib/rabbitmq/lib/rabbitmq_server-4.4.0"`, "Debian trixie has rabbitmq_server-4.4.0 now"},
		"no RabbitMQ":       {`mkdir -p "$4/usr"`, "Debian trixie has rabbitmq_server-* now"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.program("debootstrap", tt.debootstrap)
			if out, err := m.debian("4.0"); err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("got %v, %s\nwant %s", err, out, tt.want)
			}
			m.empty()
		})
	}
}

// TestTheMirrorOfTheMachine: debootstrap gets the first Debian archive that apt has, or none and then takes its own.
func TestTheMirrorOfTheMachine(t *testing.T) {
	for name, tt := range map[string]struct{ targets, want, says string }{
		"Debian":       {"Debian Debian-Security http://one/\nDebian Debian http://two/debian/\nDebian Debian http://three/\n", "http://two/debian/", "making"},
		"only another": {"Ubuntu Ubuntu http://one/\n", "", "apt has no Debian mirror here"},
		"none":         {"", "", "apt has no Debian mirror here"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.program("apt-get", "printf '"+tt.targets+"'")
			m.program("debootstrap", `echo "mirror <$5>"; exit 1`)
			out, _ := m.debian("4.3")
			if !strings.Contains(out, "mirror <"+tt.want+">") || !strings.Contains(out, tt.says) {
				t.Errorf("got %s\nwant mirror <%s> and %s", out, tt.want, tt.says)
			}
		})
	}
}

// machine is a machine with programs of the test's own, an empty cache, and sudo without a password.
type machine struct {
	*testing.T
	programs, cache string
	nobody          bool // run as the user nobody when the test is root
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{T: t, programs: t.TempDir(), cache: t.TempDir()}
	m.program("sudo", `[ "$1" = -n ] && shift; exec "$@"`)
	m.program("unshare", `[ "$1" = --mount ] && shift; exec "$@"`)
	return m
}

func (m *machine) program(name, script string) {
	m.Helper()
	must(m, os.WriteFile(filepath.Join(m.programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755)) //nolint:gosec // it is run
}

func (m *machine) debian(version string) (output string, err error) {
	cmd := exec.Command("bash", "-c", debian, "debian.sh", version)
	cmd.Env = append(os.Environ(), "PATH="+m.programs+":"+os.Getenv("PATH"), "XDG_CACHE_HOME="+m.cache)
	cmd.Dir = "/"
	if m.nobody && os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// empty fails the test when the cache has a system that looks whole.
func (m *machine) empty() {
	m.Helper()
	if found, _ := filepath.Glob(filepath.Join(m.cache, "traceria", "rabbitmq-4.[0-9]")); len(found) > 0 {
		m.Errorf("the cache has %v", found)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
