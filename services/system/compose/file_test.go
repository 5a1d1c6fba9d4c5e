package compose

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"traceria/services/host"
	"traceria/services/pizzeria"
)

// The tests beside TestDockerComposeUp need no engine. They hold docker-compose.yml against what it refers to: the files, the
// configuration of each part, the image's Dockerfile, and the other way of running, process-compose.yml.

// loadCompose reads docker-compose.yml with these variables, NAME=VALUE, and with none of this machine's.
func loadCompose(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../../docker-compose.yml"}, cli.WithResolvedPaths(true), cli.WithEnv(env))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(project.Services) == 0 {
		t.Fatal("docker-compose.yml has no services")
	}
	return project
}

// variable is the value in a container's environment; "" when it is not set.
func variable(service types.ServiceConfig, name string) string {
	if value := service.Environment[name]; value != nil {
		return *value
	}
	return ""
}

func TestComposeRunsTheWholeSystem(t *testing.T) {
	t.Parallel()
	want := []string{"collector", "credentials", "grafana", "jaeger", "prometheus", "rabbitmq", "topology"}
	for _, service := range pizzeria.All() {
		want = append(want, service.Name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, loadCompose(t).ServiceNames()); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}

func TestComposeRefersToFilesThatExist(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	seen := 0
	exists := func(name, path string) {
		seen++
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, service := range project.Services {
		for _, mount := range service.Volumes {
			if mount.Type != types.VolumeTypeBind {
				continue
			}
			exists(name, mount.Source)
			if !mount.ReadOnly {
				t.Errorf("%s may write into %s", name, mount.Source)
			}
		}
		if service.Build != nil {
			exists(name, service.Build.Context)
			exists(name, filepath.Join(service.Build.Context, service.Build.Dockerfile))
		}
	}
	if seen < 4 {
		t.Errorf("looked at %d files only", seen)
	}
}

// The published ports are those of the design's contract, on loopback, and lead to where the part listens.
func TestComposePortsAgreeWithTheConfiguration(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	want := map[string][]string{
		"rabbitmq": {"127.0.0.1:5672->5672", "127.0.0.1:15672->15672"}, // RabbitMQ's own defaults
		"collector": {
			"127.0.0.1:4317->" + port(t, endpoint(t, project, "collector", "receivers", "otlp", "protocols", "grpc", "endpoint")),
			"127.0.0.1:4318->" + port(t, endpoint(t, project, "collector", "receivers", "otlp", "protocols", "http", "endpoint")),
		},
		"prometheus": {"127.0.0.1:9090->9090"}, "grafana": {"127.0.0.1:3000->3000"}, // their own defaults
		"jaeger": {"127.0.0.1:16686->" + port(t, endpoint(t, project, "jaeger", "extensions", "jaeger_query", "http", "endpoint"))},
	}
	for _, service := range pizzeria.All() {
		want[service.Name] = []string{fmt.Sprintf("127.0.0.1:%d->%s", host.Ports[service.Name],
			port(t, variable(project.Services[service.Name], "HTTP_ADDR")))}
	}
	got := map[string][]string{}
	for name, service := range project.Services {
		for _, p := range service.Ports {
			got[name] = append(got[name], fmt.Sprintf("%s:%s->%d", p.HostIP, p.Published, p.Target))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("published ports (-want +got):\n%s", diff)
	}
	if strings.Contains(project.Configs["rabbitmq"].Content, "listeners") {
		t.Error("RabbitMQ's listeners are configured: this test takes them for the default ones")
	}
}

// A variable moves each published port and what a browser is told of it, and nothing between the containers. The head of
// the file names the variable with its default.
func TestComposeVariablesMoveThePorts(t *testing.T) {
	t.Parallel()
	standard, elsewhere := loadCompose(t), loadCompose(t, assignments(moved(1000))...)
	var published []string
	for name, service := range standard.Services {
		for i, p := range service.Ports {
			published = append(published, p.Published)
			if got, want := elsewhere.Services[name].Ports[i].Published, add(t, p.Published, 1000); got != want {
				t.Errorf("%s publishes %d on %s whatever the variables are, want %s", name, p.Target, got, want)
			}
		}
		for key := range service.Environment {
			was, is := variable(service, key), variable(elsewhere.Services[name], key)
			if public := strings.HasSuffix(key, "_PUBLIC_URL"); public == (was == is) {
				t.Errorf("%s: %s is %q, and %q on other ports", name, key, was, is)
			}
		}
	}
	if len(published) != len(standardPorts) {
		t.Errorf("%d ports are published, %d variables move them", len(published), len(standardPorts))
	}
	content, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(content), "\nname:")
	for name, port := range standardPorts {
		if !regexp.MustCompile(fmt.Sprintf(`\b%s +%d\b`, name, port)).MatchString(head) {
			t.Errorf("the head of docker-compose.yml does not say that %s is %d", name, port)
		}
	}
}

func add(t *testing.T, port string, more int) string {
	t.Helper()
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(number + more)
}

// Without Docker the same files listen on the contract's ports, and on loopback only.
func TestNativePortsAreLoopback(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"collector grpc": "127.0.0.1:4317", "collector http": "127.0.0.1:4318", "collector prometheus": "127.0.0.1:8889",
		"collector's own": "127.0.0.1:8888", "jaeger's own": "127.0.0.1:8887", "jaeger to prometheus": "http://127.0.0.1:9090",
		"jaeger query": "127.0.0.1:16686", "jaeger grpc": "127.0.0.1:16685",
		"jaeger otlp grpc": "127.0.0.1:14317", "jaeger otlp http": "127.0.0.1:14318",
		"collector to jaeger": "http://127.0.0.1:14318", "collector to console": "http://127.0.0.1:8080",
	}
	collector, jaeger := configFile(t, "collector", nil), configFile(t, "jaeger", nil)
	got := map[string]string{
		"collector grpc":       at(t, collector, "receivers", "otlp", "protocols", "grpc", "endpoint"),
		"collector http":       at(t, collector, "receivers", "otlp", "protocols", "http", "endpoint"),
		"collector prometheus": at(t, collector, "exporters", "prometheus", "endpoint"),
		"collector's own":      ownMetrics(t, collector),
		"jaeger's own":         ownMetrics(t, jaeger),
		"jaeger to prometheus": at(t, jaeger, "extensions", "jaeger_storage", "metric_backends", "prometheus", "prometheus", "endpoint"),
		"collector to jaeger":  at(t, collector, "exporters", "otlphttp/jaeger", "endpoint"),
		"collector to console": at(t, collector, "exporters", "otlphttp/console", "endpoint"),
		"jaeger query":         at(t, jaeger, "extensions", "jaeger_query", "http", "endpoint"),
		"jaeger grpc":          at(t, jaeger, "extensions", "jaeger_query", "grpc", "endpoint"),
		"jaeger otlp grpc":     at(t, jaeger, "receivers", "otlp", "protocols", "grpc", "endpoint"),
		"jaeger otlp http":     at(t, jaeger, "receivers", "otlp", "protocols", "http", "endpoint"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

// Every URL in a container's environment leads to a container, at a port where that one listens.
func TestComposePartsReachEachOther(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	listens := map[string][]string{
		"rabbitmq":   {"5672", "15672"},
		"prometheus": {"9090"}, "grafana": {"3000"},
		"collector": {
			port(t, endpoint(t, project, "collector", "receivers", "otlp", "protocols", "http", "endpoint")),
			port(t, ownMetrics(t, configFile(t, "collector", project.Services["collector"].Environment))),
		},
		"jaeger": {
			port(t, endpoint(t, project, "jaeger", "receivers", "otlp", "protocols", "http", "endpoint")),
			port(t, endpoint(t, project, "jaeger", "extensions", "jaeger_query", "http", "endpoint")),
		},
	}
	for _, service := range pizzeria.All() {
		listens[service.Name] = []string{port(t, variable(project.Services[service.Name], "HTTP_ADDR"))}
	}
	seen := map[string]bool{}
	for name, service := range project.Services {
		for key := range service.Environment {
			address, err := url.Parse(variable(service, key))
			if err != nil || address.Host == "" || strings.HasSuffix(key, "_PUBLIC_URL") { // that one is for a browser
				continue
			}
			seen[key] = true
			if !slices.Contains(listens[address.Hostname()], address.Port()) {
				t.Errorf("%s: %s=%s leads nowhere", name, key, address.Redacted())
			}
		}
	}
	want := []string{
		"AMQP_URL", "COLLECTOR_METRICS_URL", "CONSOLE_OTLP_ENDPOINT", "CONSOLE_URL", "DELIVERY_URL", "GRAFANA_URL", "JAEGER_OTLP_ENDPOINT", "JAEGER_URL", "KITCHEN_URL", "LOYALTY_URL", "ORDER_URL",
		"OTEL_EXPORTER_OTLP_ENDPOINT", "PROMETHEUS_URL", "RABBITMQ_MANAGEMENT_URL", "STAFF_URL",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("variables that hold an address (-want +got):\n%s", diff)
	}
}

// configFile is collector/NAME.yaml as its program reads it with these variables.
func configFile(t *testing.T, name string, env types.MappingWithEquals) map[string]any {
	t.Helper()
	content, err := os.ReadFile("../../../collector/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	expanded := placeholder.ReplaceAllStringFunc(string(content), func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		if value := env[parts[1]]; value != nil {
			return *value
		}
		return parts[2]
	})
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte(expanded), &parsed); err != nil {
		t.Fatalf("%s.yaml: %v", name, err)
	}
	return parsed
}

// placeholder is the Collector's ${env:NAME:-default}.
var placeholder = regexp.MustCompile(`\$\{env:([A-Z_]+):-([^}]*)\}`)

// endpoint is a value of collector/NAME.yaml inside the container NAME.
func endpoint(t *testing.T, project *types.Project, name string, path ...string) string {
	t.Helper()
	return at(t, configFile(t, name, project.Services[name].Environment), path...)
}

func at(t *testing.T, tree map[string]any, path ...string) string {
	t.Helper()
	var value any = tree
	for _, key := range path {
		branch, ok := value.(map[string]any)
		if !ok {
			t.Fatalf("no %s", strings.Join(path, "."))
		}
		value = branch[key]
	}
	text, ok := value.(string)
	if !ok {
		t.Fatalf("%s is %v, no text", strings.Join(path, "."), value)
	}
	return text
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// ownMetrics is where a Collector or Jaeger serves its own metrics.
func ownMetrics(t *testing.T, file map[string]any) string {
	t.Helper()
	var parsed struct {
		Service struct {
			Telemetry struct {
				Metrics struct {
					Readers []struct {
						Pull struct {
							Exporter struct {
								Prometheus struct {
									Host string
									Port int
								}
							}
						}
					}
				}
			}
		}
	}
	text, err := yaml.Marshal(file)
	if err == nil {
		err = yaml.Unmarshal(text, &parsed)
	}
	if err != nil || len(parsed.Service.Telemetry.Metrics.Readers) != 1 {
		t.Fatalf("%d readers, %v; want one", len(parsed.Service.Telemetry.Metrics.Readers), err)
	}
	own := parsed.Service.Telemetry.Metrics.Readers[0].Pull.Exporter.Prometheus
	return net.JoinHostPort(own.Host, strconv.Itoa(own.Port))
}

// Prometheus has one configuration. The addresses of its targets exist twice: for make up and for Docker.
func TestPrometheusCollectsFromTheSameParts(t *testing.T) {
	t.Parallel()
	project := loadCompose(t)
	ports := func(folder string) map[string]string {
		found := map[string]string{}
		files, err := filepath.Glob("../../../dashboards/" + folder + "/*.yml")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			var groups []struct{ Targets []string }
			if err == nil {
				err = yaml.Unmarshal(text, &groups)
			}
			if err != nil || len(groups) != 1 || len(groups[0].Targets) != 1 {
				t.Fatalf("%s: %v; want one target", file, err)
			}
			name, _, _ := net.SplitHostPort(groups[0].Targets[0])
			if _, exists := project.Services[name]; !exists && name != "127.0.0.1" {
				t.Errorf("%s: there is no container %s", file, name)
			}
			found[filepath.Base(file)] = port(t, groups[0].Targets[0])
		}
		return found
	}
	want := map[string]string{
		"services.yml": "8889", "rabbitmq.yml": "15692", "collector.yml": "8888", "jaeger.yml": "8887", "prometheus.yml": "9090",
	}
	for _, folder := range []string{"targets", "targets-compose"} {
		if diff := cmp.Diff(want, ports(folder)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", folder, diff)
		}
	}
	for _, mount := range project.Services["prometheus"].Volumes {
		if strings.HasSuffix(mount.Source, "targets-compose") && mount.Target == "/etc/prometheus/targets" {
			return
		}
	}
	t.Error("Prometheus in Docker does not have targets-compose/ as its targets/")
}
