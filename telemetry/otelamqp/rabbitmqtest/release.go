package rabbitmqtest

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

//go:embed debian.sh
var debian string

// release is one RabbitMQ of the machine: the installed one, or that of a Debian release.
type release struct {
	usr string // the /usr of the Debian release, empty for the installed RabbitMQ
}

// chosen returns the release that the environment variable RABBITMQ names. It makes a Debian release that is missing.
func chosen() (release, error) {
	switch version := os.Getenv("RABBITMQ"); version {
	case "", "installed":
		return release{}, installed()
	case "4.0", "4.3":
		return fromDebian(version)
	default:
		return release{}, fmt.Errorf("RABBITMQ=%s: want installed (the default), 4.0 or 4.3", version)
	}
}

// fromDebian runs debian.sh. Its progress goes to the standard error.
func fromDebian(version string) (release, error) {
	var said strings.Builder
	cmd := exec.Command("bash", "-c", debian, "debian.sh", version) //nolint:noctx // it ends; a test has its own time limit
	cmd.Stderr = io.MultiWriter(os.Stderr, &said)
	folder, err := cmd.Output()
	if err != nil {
		return release{}, fmt.Errorf("RABBITMQ=%s: %w: %s", version, err, strings.TrimSpace(said.String()))
	}
	r := release{usr: strings.TrimSpace(string(folder)) + "/usr"}
	if out, err := r.command("true").CombinedOutput(); err != nil {
		return release{}, fmt.Errorf("RABBITMQ=%s: make a mount namespace, which needs root or a kernel that lets users make "+
			"namespaces: %w: %s", version, err, strings.TrimSpace(string(out)))
	}
	return r, nil
}

// inside replaces /usr by that of a Debian release. Everything else stays: /tmp, /proc, /dev, /etc/hosts.
const inside = `mount --bind "$0" /usr && exec "$@"`

// command returns the command that runs a program of the release. The mount is seen by that program and its children
// only, and ends with them. Without root it needs user namespaces.
func (r release) command(name string, args ...string) *exec.Cmd {
	if r.usr == "" {
		return exec.Command(name, args...) //nolint:noctx // the caller ends it
	}
	unshare := []string{"--mount"}
	if os.Getuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	unshare = append(unshare, "sh", "-c", inside, r.usr, name)
	return exec.Command("unshare", append(unshare, args...)...) //nolint:noctx // the caller ends it
}
