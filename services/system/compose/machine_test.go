package compose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// machine is a Docker engine with every image that docker compose up needs.
type machine struct {
	shell
	standIns bool // its images stand in for those that cannot be pulled
}

// findMachine returns the machine's engine if the images can be pulled, or else an engine of the test's own. It skips the
// test where neither can be had.
func findMachine(t *testing.T) machine {
	t.Helper()
	sh := testShell(t)
	why := theirEngine(t.Context(), sh, images(t))
	if why == nil {
		return machine{shell: onFreePorts(t, sh)}
	}
	return ownEngine(t, why)
}

// testShell runs commands about a project of the test's own: the machine may run the user's.
func testShell(t *testing.T) shell {
	t.Helper()
	return shell{folder: top(t), limit: 10 * time.Minute, env: []string{"COMPOSE_PROJECT_NAME=traceria-test"}}
}

// theirEngine fails when the machine has no engine, no Compose, or cannot pull the images.
func theirEngine(ctx context.Context, sh shell, images []string) error {
	sh.limit = 20 * time.Second
	if _, err := exec.LookPath("docker"); err != nil {
		return err
	}
	for _, line := range []string{"docker info", "docker compose version", "docker buildx version"} {
		if _, err := sh.try(ctx, line); err != nil {
			return errors.New(lastLine(err))
		}
	}
	return pull(ctx, sh, images)
}

// pull pulls the images that are not there. An image that cannot be reached at all takes seconds, not minutes.
func pull(ctx context.Context, sh shell, images []string) error {
	for _, image := range images {
		sh.limit = 20 * time.Second
		if _, err := sh.try(ctx, "docker image inspect "+image); err == nil {
			continue
		}
		if _, err := sh.try(ctx, "docker manifest inspect "+image); err != nil {
			return fmt.Errorf("%s cannot be pulled: %s", image, lastLine(err))
		}
		sh.limit = 10 * time.Minute
		if _, err := sh.try(ctx, "docker pull --quiet "+image); err != nil {
			return fmt.Errorf("%s cannot be pulled: %s", image, lastLine(err))
		}
	}
	return nil
}

// parts is the shell's list of every service but Grafana, for docker compose up. Nothing can stand in for Grafana's image,
// because Debian does not have it. So these tests run everything else on every machine, and only the files of its dashboards
// are tested (dashboards/).
const parts = " $(docker compose config --services | grep -vx grafana)"

// images are those that docker-compose.yml runs, without Grafana's, and that the Dockerfile builds from.
func images(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, stage := range regexp.MustCompile(`(?m)^FROM (?:--\S+ )?(\S+)`).FindAllStringSubmatch(string(content), -1) {
		if stage[1] != "scratch" {
			names = append(names, stage[1])
		}
	}
	for name, service := range loadCompose(t).Services {
		if service.Image != "traceria:local" && name != "grafana" {
			names = append(names, service.Image)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// standardPorts are the published ports by the variable that moves them.
var standardPorts = map[string]int{
	"TRACERIA_CONSOLE_PORT": 8080, "TRACERIA_ORDER_PORT": 8081, "TRACERIA_KITCHEN_PORT": 8082, "TRACERIA_DELIVERY_PORT": 8083,
	"TRACERIA_LOYALTY_PORT": 8084, "TRACERIA_STAFF_PORT": 8085, "TRACERIA_RABBITMQ_PORT": 5672,
	"TRACERIA_RABBITMQ_MANAGEMENT_PORT": 15672, "TRACERIA_COLLECTOR_GRPC_PORT": 4317, "TRACERIA_COLLECTOR_HTTP_PORT": 4318,
	"TRACERIA_JAEGER_PORT": 16686, "TRACERIA_PROMETHEUS_PORT": 9090, "TRACERIA_GRAFANA_PORT": 3000,
}

// moved are the ports with so much added.
func moved(by int) map[string]int {
	ports := maps.Clone(standardPorts)
	for name := range ports {
		ports[name] += by
	}
	return ports
}

// assignments are the ports as NAME=VALUE.
func assignments(ports map[string]int) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		lines = append(lines, name+"="+strconv.Itoa(ports[name]))
	}
	return lines
}

// addresses are variables with the URL of each port, for the lines that call it.
func addresses(ports map[string]int) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		lines = append(lines, fmt.Sprintf("%s_URL=http://127.0.0.1:%d", strings.TrimSuffix(strings.TrimPrefix(name, "TRACERIA_"), "_PORT"), ports[name]))
	}
	return lines
}

// onFreePorts publishes on free ports: the machine may run another Traceria.
func onFreePorts(t *testing.T, sh shell) shell {
	t.Helper()
	ports := freePorts(t)
	return sh.in(append(addresses(ports), "COMPOSE_ENV_FILES="+envFile(t, ports))...)
}

// freePorts are ports that no program of this machine listens on.
func freePorts(t *testing.T) map[string]int {
	t.Helper()
	ports := map[string]int{}
	for name := range standardPorts {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() // all are open at once, so that no two are the same
		ports[name] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// envFile writes a file for docker compose --env-file.
func envFile(t *testing.T, ports map[string]int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ports.env")
	if err := os.WriteFile(file, []byte(strings.Join(assignments(ports), "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// lastLine is the end of an error, for a message.
func lastLine(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return lines[len(lines)-1]
}
