package sampling

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"traceria/services/system/systemtest"
)

type config struct {
	Service struct {
		Pipelines map[string]struct{ Receivers, Processors, Exporters []string }
	}
}

func load(t *testing.T, file string) (c config) {
	t.Helper()
	text, err := os.ReadFile(systemtest.InRepository(t, file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

// A list of sampling.yaml replaces that of collector.yaml. It must change with it.
func TestSamplingChangesOnlyTheWayToJaeger(t *testing.T) {
	t.Parallel()
	base, over := load(t, "collector/collector.yaml").Service.Pipelines, load(t, "collector/sampling.yaml").Service.Pipelines
	want := slices.Clone(base["traces"].Exporters)
	place := slices.Index(want, "otlphttp/jaeger")
	if place < 0 {
		t.Fatalf("collector.yaml sends traces to %v, not to otlphttp/jaeger", want)
	}
	want[place] = "forward/sampling"
	if got := over["traces"].Exporters; !slices.Equal(got, want) {
		t.Errorf("sampling.yaml sends traces to %v, want %v", got, want)
	}
	for name, pipeline := range over {
		if _, known := base[name]; known != (name == "traces") || name == "traces" && len(pipeline.Receivers)+len(pipeline.Processors) > 0 {
			t.Errorf("sampling.yaml changes the pipeline %s: %+v", name, pipeline)
		}
	}
}

// A setting that is wrong is refused at the start, on one tier and on two, and the error names it.
func TestAWrongSettingIsRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs the Collector")
	}
	for setting, want := range map[string]string{
		"COLLECTOR_MEMORY_MIB=much":    "'limit_mib' expected type 'uint32'",
		"COLLECTOR_MEMORY_MIB=50":      "'spike_limit_mib' must be smaller than 'limit_mib'",
		"COLLECTOR_DECISION_WAIT=soon": "'decision_wait' time: invalid duration",
		"COLLECTOR_SLOW_HOP=slow":      "\"batch/slow-hop\"",
		"COLLECTOR_SHARE_PERCENT=some": "'policies[5].probabilistic.sampling_percentage' expected type",
		"COLLECTOR_SLOW_HOP=2s":        "",
	} {
		for _, files := range [][]string{byConversation, secondTier} {
			args := []string{"validate"}
			for _, file := range files {
				args = append(args, "--config", systemtest.InRepository(t, file))
			}
			cmd := exec.CommandContext(t.Context(), systemtest.OtelcolBinary(t), args...)
			cmd.Env = append(os.Environ(), setting)
			out, err := cmd.CombinedOutput()
			if (err == nil) != (want == "") || !strings.Contains(string(out), want) {
				t.Errorf("%s with %v: %v, want %q in\n%s", setting, files, err, want, out)
			}
		}
	}
}
