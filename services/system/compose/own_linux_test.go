package compose

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ownEngine starts an engine of the test's own: with the images that it can pull, or else with stand-ins. why says what
// keeps the test from using the machine's engine.
func ownEngine(t *testing.T, why error) machine {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skipf("no Docker engine can be had: %v; to start one needs root", why)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skipf("no Docker engine can be had: %v; to install one needs apt-get", why)
	}
	t.Logf("the test starts an engine of its own: %v", why)
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	folder := cacheFolder(t)
	sh := testShell(t)
	install(t, sh)
	sh = sh.in("DOCKER_CONFIG=" + plugins(t, sh, folder))
	needed := images(t)
	if _, err := sh.try(t.Context(), "timeout 20 docker manifest inspect "+needed[0]); err == nil {
		e := startEngine(t, folder, false)
		sh = onFreePorts(t, sh.in("DOCKER_HOST=unix://"+e.socket))
		if err := pull(t.Context(), sh, needed); err != nil {
			t.Fatal(err)
		}
		return machine{shell: sh}
	}
	e := startEngine(t, folder, true)
	sh = sh.in(append(addresses(standardPorts), "DOCKER_HOST=unix://"+e.socket)...)
	sh.enter = []string{"nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", e.cmd.Process.Pid)}
	makeStandIns(t, sh, folder, needed)
	t.Cleanup(func() { tidy(t, sh) })
	return machine{shell: sh, standIns: true}
}

// tidy removes old images, and keeps as much of the build cache as one version of the sources needs.
func tidy(t *testing.T, sh shell) {
	if _, err := sh.try(cleaning(t), "docker image prune --force && docker builder prune --force --keep-storage 4GB"); err != nil {
		t.Error(err)
	}
}

// cacheFolder is where everything is kept that later runs use.
func cacheFolder(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir() // $XDG_CACHE_HOME, or ~/.cache
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "traceria", "docker")
}

// packages are Debian's packages of the programs that the test needs.
var packages = map[string]string{
	"dockerd": "docker.io", "docker": "docker.io", "docker-init": "docker.io", "iptables": "iptables", "ip": "iproute2",
	"debootstrap": "debootstrap", "curl": "curl",
}

// install installs what is missing.
func install(t *testing.T, sh shell) {
	t.Helper()
	line := ""
	for program, name := range packages {
		if _, err := exec.LookPath(program); err != nil {
			line += " " + name
		}
	}
	if line != "" {
		sh.run(t, "./install.sh"+line)
	}
}

// getPlugins gets Compose and Buildx from the newest Debian: those of Debian 12 and 13 are too old or missing. It keeps
// apt's own lists as they are.
const getPlugins = `set -euo pipefail
mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Identifier: Packages' | sed -n 's/^Debian Debian //p' | sed -n 1p)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && chmod 755 "$work"
mkdir -p "$work"/{lists,cache,debs} "$0.new" && echo "deb $mirror forky main" >"$work/sources.list"
get=(apt-get -qq -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o "Dir::Etc::sourcelist=$work/sources.list"
  -o Dir::Etc::sourceparts=/dev/null -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
"${get[@]}" update && cd "$work/debs" && "${get[@]}" download docker-compose docker-buildx
for deb in *.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar --extract --directory "$0.new" --strip-components=5 ./usr/libexec/docker/cli-plugins
done
mv "$0.new" "$0"`

// plugins returns a folder of Docker's configuration with Compose and Buildx. The user's own stays as it is.
func plugins(t *testing.T, sh shell, folder string) string {
	t.Helper()
	config := filepath.Join(folder, "config")
	target := filepath.Join(config, "cli-plugins")
	if _, err := os.Stat(target); err == nil {
		return config
	}
	if err := os.MkdirAll(config, 0o755); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "plugins.sh")
	if err := os.WriteFile(script, []byte(getPlugins), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.run(t, fmt.Sprintf("bash -c \"$(cat %s)\" %s", script, target))
	return config
}
