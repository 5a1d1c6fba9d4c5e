package compose

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
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
func loadTiers(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../../../docker-compose.yml", "../../../collector/tiers.compose.yml"}, cli.WithResolvedPaths(true))
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
			if key != "GOMEMLIMIT" && !strings.Contains(text, "${env:"+key+":-") {
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
