package compose

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"traceria/services/pizzeria"
)

func TestComposeLimitsAndRestartsEveryContainer(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+([.-][a-z0-9.-]+)?$`)
	project := loadCompose(t)
	var awaited []string
	for _, service := range project.Services {
		for other, dependency := range service.DependsOn {
			if dependency.Condition == types.ServiceConditionCompletedSuccessfully {
				awaited = append(awaited, other)
			}
		}
	}
	for name, service := range project.Services {
		if service.Deploy == nil || service.Deploy.Resources.Limits == nil || service.Deploy.Resources.Limits.MemoryBytes < 64<<20 {
			t.Errorf("%s has no memory limit that it could live with", name)
		}
		// Only what others wait for to end may stay ended.
		want := types.RestartPolicyUnlessStopped
		if name == "credentials" && slices.Contains(awaited, name) {
			want = types.RestartPolicyNo
		}
		if service.Restart != want {
			t.Errorf("%s: restart is %q, want %q: a stopped container must stay stopped and a dead one come back", name, service.Restart, want)
		}
		if service.Privileged || service.NetworkMode == "host" || service.Pid != "" || service.Ipc != "" {
			t.Errorf("%s has more of the machine than it needs", name)
		}
		if service.Image != "traceria:local" && !pinned.MatchString(service.Image) {
			t.Errorf("%s: image %q is not pinned to a version", name, service.Image)
		}
		if service.Logging == nil || service.Logging.Options["max-size"] == "" {
			t.Errorf("%s may fill the disk with its log", name)
		}
	}
}

// The limit that Go's collector aims at is below the one at which the kernel kills.
func TestComposeGoMemoryLimitFitsTheContainer(t *testing.T) {
	t.Parallel()
	for name, service := range loadCompose(t).Services {
		if name == "rabbitmq" { // written in Erlang
			continue
		}
		var limit types.UnitBytes
		if err := limit.DecodeMapstructure(strings.TrimSuffix(variable(service, "GOMEMLIMIT"), "iB")); err != nil || limit == 0 {
			t.Errorf("%s: GOMEMLIMIT=%q: %v", name, variable(service, "GOMEMLIMIT"), err)
			continue
		}
		if memory := service.Deploy.Resources.Limits.MemoryBytes; limit >= memory {
			t.Errorf("%s: GOMEMLIMIT %d is not below the container's %d", name, limit, memory)
		}
	}
}

// Process 1 cannot kill itself. The failures that end a process need an init before ours.
func TestComposeGivesOurServicesAnInit(t *testing.T) {
	t.Parallel()
	for name, service := range loadCompose(t).Services {
		if service.Image == "traceria:local" && (service.Init == nil || !*service.Init) {
			t.Errorf("%s has no init", name)
		}
	}
}

// RabbitMQ advises three times the size of the write-ahead log as memory, and blocks publishers at the watermark.
func TestComposeBrokerFitsItsMemory(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	memory := int64(project.Services["rabbitmq"].Deploy.Resources.Limits.MemoryBytes)
	content := project.Configs["rabbitmq"].Content
	wal := setting(t, content, `(?m)^raft\.wal_max_size_bytes = ([0-9]+)$`)
	if 3*wal > memory/2 {
		t.Errorf("a write-ahead log of %d bytes needs three times that memory, and the whole broker has %d", wal, memory)
	}
	if watermark := 1_000_000 * setting(t, content, `(?m)^vm_memory_high_watermark\.absolute = ([0-9]+)MB$`); watermark > memory*3/4 {
		t.Errorf("publishers are blocked at %d bytes, and the kernel kills at %d", watermark, memory)
	}
}

func setting(t *testing.T, content, pattern string) int64 {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(content)
	if found == nil {
		t.Fatalf("no %s in\n%s", pattern, content)
	}
	value, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// One service builds the image and the others neither pull nor build it: several builds of one tag would race.
func TestComposeBuildsTheImageOnce(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	commands := map[string]types.ShellCommand{
		"credentials": {"topology", "credentials", "/credentials"}, "topology": {"topology", "apply", "--watch"},
	}
	for _, known := range pizzeria.All() {
		commands[known.Name] = types.ShellCommand{known.Name}
	}
	builders := 0
	for name, command := range commands {
		service := project.Services[name]
		if service.Image != "traceria:local" {
			t.Errorf("%s runs %s", name, service.Image)
		}
		if diff := cmp.Diff(command, service.Command); diff != "" {
			t.Errorf("%s: command (-want +got):\n%s", name, diff)
		}
		switch {
		case service.Build != nil && service.PullPolicy == types.PullPolicyBuild:
			builders++
		case service.Build != nil || service.PullPolicy != types.PullPolicyNever:
			t.Errorf("%s: pull policy %q", name, service.PullPolicy)
		}
	}
	if builders != 1 {
		t.Errorf("%d services build the image", builders)
	}
}

// The Collector's and Jaeger's images hold a binary and nothing that could look at it; ours holds traceria.
func TestComposeHealthGatesCanRun(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	want := map[string]types.HealthCheckTest{"rabbitmq": {"CMD", "rabbitmq-diagnostics", "-q", "check_port_connectivity"}}
	for _, service := range pizzeria.All() {
		want[service.Name] = types.HealthCheckTest{"CMD", "/traceria", "status", service.Name}
	}
	got := map[string]types.HealthCheckTest{}
	for name, service := range project.Services {
		if service.HealthCheck != nil {
			got[name] = service.HealthCheck.Test
		}
		for other, dependency := range service.DependsOn {
			if dependency.Condition == types.ServiceConditionHealthy && want[other] == nil {
				t.Errorf("%s waits for the health of %s, whose image cannot be asked", name, other)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("health checks (-want +got):\n%s", diff)
	}
	if waits := project.Services["console"].DependsOn; len(waits) != 1 || waits["credentials"].Condition != types.ServiceConditionCompletedSuccessfully {
		t.Errorf("the console needs its password and no part that runs, but waits for %v", waits)
	}
	for _, service := range pizzeria.Services() {
		if gate := project.Services[service.Name].DependsOn["rabbitmq"].Condition; gate != types.ServiceConditionHealthy {
			t.Errorf("%s starts when the broker is %q", service.Name, gate)
		}
		if _, waits := project.Services[service.Name].DependsOn["jaeger"]; waits {
			t.Errorf("%s waits for Jaeger", service.Name)
		}
	}
}

// A variable that the configuration file does not read would be an unnoticed typing error.
func TestComposeVariablesAreRead(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	for name, files := range map[string][]string{"collector": {"collector", "sampling"}, "jaeger": {"jaeger"}} {
		content := configText(t, files...)
		for key := range project.Services[name].Environment {
			if key != "GOMEMLIMIT" && key != "GOGC" && !strings.Contains(content, "${env:"+key+":-") {
				t.Errorf("%s.yaml does not read %s", name, key)
			}
		}
	}
}

// The final stage of the image is a binary under a user that is not root, and nothing else.
func TestImageIsSmallAndNotRoot(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	stages := regexp.MustCompile(`(?m)^FROM `).Split(string(content), -1)
	last := strings.Split(stages[len(stages)-1], "\n")
	if last[0] != "scratch" {
		t.Errorf("the final stage is from %q", last[0])
	}
	var user, entrypoint string
	for _, line := range last {
		if value, ok := strings.CutPrefix(line, "USER "); ok {
			user = value
		}
		if value, ok := strings.CutPrefix(line, "ENTRYPOINT "); ok {
			entrypoint = value
		}
		if strings.HasPrefix(line, "RUN ") {
			t.Errorf("the final stage has no shell for %q", line)
		}
	}
	if !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(user) {
		t.Errorf("the image runs as %q, not as a number that is not root's", user)
	}
	if entrypoint != `["/traceria"]` {
		t.Errorf("entry point %s", entrypoint)
	}
	if !regexp.MustCompile(`(?m)^FROM --platform=\$BUILDPLATFORM golang:1\.26\.[0-9]+-`).Match(content) {
		t.Error("the compiler's image is not pinned to a patch version of the Go that go.mod asks for")
	}
}

// Both ways of running start the same parts, and a service waits for the broker only.
func TestProcessComposeRunsTheSameParts(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../../process-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var project struct {
		Processes map[string]struct {
			Command      string
			Availability struct{ Restart string }
			DependsOn    map[string]struct{ Condition string } `yaml:"depends_on"`
		}
	}
	if err := yaml.Unmarshal(content, &project); err != nil {
		t.Fatal(err)
	}
	want := append(loadCompose(t).ServiceNames(), "build-jaeger")
	// up.sh makes the credentials. Debian has no Grafana.
	want = slices.DeleteFunc(want, func(name string) bool { return name == "credentials" || name == "grafana" })
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(project.Processes))); diff != "" {
		t.Errorf("processes (-containers +processes):\n%s", diff)
	}
	for _, name := range []string{"collector", "jaeger"} {
		if percent := variable(loadCompose(t).Services[name], "GOGC"); percent == "" || !strings.Contains(project.Processes[name].Command, `GOGC="$${GOGC:-`+percent+`}"`) {
			t.Errorf("%s collects garbage at %q%% in a container, and runs as a process with %s", name, percent, project.Processes[name].Command)
		}
	}
	for name, process := range project.Processes {
		if name != "build-jaeger" && process.Availability.Restart != "always" {
			t.Errorf("%s is not restarted when it dies", name)
		}
	}
	for _, service := range pizzeria.All() {
		process := project.Processes[service.Name]
		if !strings.HasSuffix(strings.TrimSpace(process.Command), " "+service.Name) {
			t.Errorf("%s runs %q", service.Name, process.Command)
		}
		if service.Stateless {
			if len(process.DependsOn) > 0 {
				t.Errorf("%s needs no other process, but waits for %v", service.Name, process.DependsOn)
			}
			continue
		}
		if len(process.DependsOn) != 1 || process.DependsOn["rabbitmq"].Condition != "process_healthy" {
			t.Errorf("%s waits for %v", service.Name, process.DependsOn)
		}
	}
}
