package sampling

import (
	"os"
	"slices"
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
