package compose

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// configText returns the text of files collector/NAME.yaml.
func configText(t *testing.T, names ...string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names {
		content, err := os.ReadFile("../../../collector/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

// loadTiers reads docker-compose.yml with collector/tiers.compose.yml on top.
func loadTiers(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../../docker-compose.yml", "../../../collector/tiers.compose.yml"},
		cli.WithResolvedPaths(true), cli.WithEnv(env))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// A variable adds the sampling. Two more Collectors make two tiers. Each Collector has the files that it reads, and the settings
// that its container has are in one of them.
func TestComposeChoosesHowTheCollectorSamples(t *testing.T) {
	t.Parallel()
	tiers := loadTiers(t)
	for name, way := range map[string]struct {
		service types.ServiceConfig
		files   []string
	}{
		"default":                {loadCompose(t).Services["collector"], []string{"collector", "collector"}},
		"sampling":               {loadCompose(t, "TRACERIA_COLLECTOR=sampling").Services["collector"], []string{"collector", "sampling"}},
		"first tier":             {tiers.Services["collector"], []string{"collector", "sampling", "tier1"}},
		"second tier, machine a": {tiers.Services["collector-a"], []string{"sampling", "tier2"}},
		"second tier, machine b": {tiers.Services["collector-b"], []string{"sampling", "tier2"}},
	} {
		var want types.ShellCommand
		for _, file := range way.files {
			path := "/etc/traceria/" + file + ".yaml"
			want = append(want, "--config="+path)
			if !slices.ContainsFunc(way.service.Volumes, func(v types.ServiceVolumeConfig) bool {
				return v.Target == path && v.ReadOnly && strings.HasSuffix(v.Source, "/collector/"+file+".yaml")
			}) {
				t.Errorf("%s: %s is not mounted", name, path)
			}
		}
		if diff := cmp.Diff(want, way.service.Command); diff != "" {
			t.Errorf("%s: command (-want +got):\n%s", name, diff)
		}
		text := configText(t, append(way.files, "sampling")...)
		for key := range way.service.Environment {
			if key != "GOMEMLIMIT" && key != "GOGC" && !strings.Contains(text, "${env:"+key+":-") {
				t.Errorf("%s: no file reads %s", name, key)
			}
		}
	}
}

// The first tier knows both Collectors of the second one, which are as restricted as the first.
func TestTheTiersReachEachOther(t *testing.T) {
	t.Parallel()
	project := loadTiers(t)
	first := project.Services["collector"]
	for key, name := range map[string]string{"COLLECTOR_TIER2_A": "collector-a", "COLLECTOR_TIER2_B": "collector-b"} {
		second := project.Services[name]
		if got, want := variable(first, key), name+":"+port(t, variable(second, "COLLECTOR_OTLP_GRPC")); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
		if second.Image != first.Image || second.Restart != first.Restart || second.Deploy == nil || second.Logging == nil {
			t.Errorf("%s differs from the first tier: %s, %s", name, second.Image, second.Restart)
		}
		if len(second.Ports) > 0 {
			t.Errorf("%s publishes %v", name, second.Ports)
		}
	}
}

// Prometheus scrapes every Collector of both tiers, where it serves its own metrics. The other addresses stay.
func TestPrometheusScrapesBothTiers(t *testing.T) {
	t.Parallel()
	project := loadTiers(t)
	mounted := map[string]string{}
	for _, mount := range project.Services["prometheus"].Volumes {
		mounted[mount.Target] = mount.Source
	}
	if !strings.HasSuffix(mounted["/etc/prometheus/targets"], "/dashboards/targets-compose") {
		t.Errorf("Prometheus has %v", mounted)
	}
	text, err := os.ReadFile(mounted["/etc/prometheus/targets/collector.yml"])
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		Targets []string
		Labels  map[string]string
	}
	if err := yaml.Unmarshal(text, &groups); err != nil {
		t.Fatal(err)
	}
	got, want := map[string]string{}, map[string]string{}
	for _, group := range groups {
		for _, target := range group.Targets {
			got[target] = group.Labels["tier"]
		}
	}
	for name, file := range map[string]string{"collector": "collector", "collector-a": "tier2", "collector-b": "tier2"} {
		host, port, _ := net.SplitHostPort(ownMetrics(t, configFile(t, file, project.Services[name].Environment)))
		if host != "0.0.0.0" {
			t.Errorf("%s serves its metrics at %s only", name, host)
		}
		want[name+":"+port] = map[string]string{"tier2": "second"}[file]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

// Variables set what each Collector may use and how it samples.
func TestVariablesSetTheCollectors(t *testing.T) {
	t.Parallel()
	settings := []string{
		"COLLECTOR_MEMORY_MIB=700", "COLLECTOR_CONTAINER_MEMORY=1050M", "COLLECTOR_DECISION_WAIT=1m", "COLLECTOR_SHARE_PERCENT=5", "COLLECTOR_SLOW_HOP=3s",
	}
	standard, tiers := loadTiers(t), loadTiers(t, settings...)
	for _, name := range []string{"collector", "collector-a", "collector-b"} {
		if got := standard.Services[name].Deploy.Resources.Limits.MemoryBytes; got != 300<<20 {
			t.Errorf("%s has %d bytes by default", name, got)
		}
		service := tiers.Services[name]
		if got := service.Deploy.Resources.Limits.MemoryBytes; got != 1050<<20 || variable(service, "GOMEMLIMIT") != "700MiB" {
			t.Errorf("%s has %d bytes and GOMEMLIMIT=%s", name, got, variable(service, "GOMEMLIMIT"))
		}
		for _, setting := range settings {
			key, want, _ := strings.Cut(setting, "=")
			if got := variable(service, key); key != "COLLECTOR_CONTAINER_MEMORY" && got != want {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
	}
}
