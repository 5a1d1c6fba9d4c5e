package up

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const policy = "/usr/sbin/policy-rc.d"

// Ctrl-C waits for the package manager: cut off, it would leave a system on which nothing can be installed.
// A script takes the place of apt-get.
func TestCtrlCDoesNotCutOffAnInstallation(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, because it installs as root")
	}
	t.Parallel()
	had := exists(policy)
	h := newHouse(t)
	content, err := os.ReadFile("../../../install.sh")
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, "install.sh", string(content), 0o700)
	h.write(t, "Makefile", "install:\n\t@./install.sh some-package\n", 0o600)
	h.write(t, "path/apt-get", "#!/bin/sh\ntrap 'echo cut off; exit 1' INT TERM\necho \"$@\"\nls "+policy+"\nsleep 5\ntouch '"+h.dir+"/done'\n", 0o700)
	h = h.with("PATH=" + strings.Join([]string{filepath.Join(h.dir, "path"), os.Getenv("PATH")}, ":"))

	s := h.make(t, "install")
	s.until(t, "^installing some-package$")
	s.until(t, "^  "+policy+"$") // the end of its log, after 3 s
	s.ctrlC(t)
	out, code := s.end(t)
	contains(t, out, "interrupted; finishing the installation first")
	if code == 0 || !exists(filepath.Join(h.dir, "done")) {
		t.Errorf("exit code %d; finished: %t\n%s", code, exists(filepath.Join(h.dir, "done")), out)
	}
	log, err := os.ReadFile(filepath.Join(h.dir, ".run/log/install.log"))
	if err != nil || strings.Contains(string(log), "cut off") || !strings.Contains(string(log), " some-package\n") {
		t.Errorf("%v\n%s", err, log)
	}
	if exists(policy) != had {
		t.Errorf("%s existed before: %t; now: %t", policy, had, exists(policy))
	}
}
