package dashboards_test

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// dataSource is a data source of Grafana in Docker.
type dataSource struct {
	Name, UID, Type, URL string
	JSONData             struct {
		ExemplarTraceIDDestinations []struct {
			Name          string `yaml:"name"`
			DatasourceUID string `yaml:"datasourceUid"`
			URL           string `yaml:"url"`
		} `yaml:"exemplarTraceIdDestinations"`
		TimeInterval string `yaml:"timeInterval"`
	} `yaml:"jsonData"`
}

func dataSources(t *testing.T) map[string]dataSource {
	t.Helper()
	text, err := os.ReadFile("provisioning/datasources/traceria.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Datasources []dataSource }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	byUID := map[string]dataSource{}
	for _, source := range file.Datasources {
		byUID[source.UID] = source
	}
	return byUID
}

// exemplarLinks returns the addresses that an exemplar's trace id leads to, with the variables of a dashboard link.
func exemplarLinks(t *testing.T) []string {
	t.Helper()
	var links []string
	for _, destination := range dataSources(t)["prometheus"].JSONData.ExemplarTraceIDDestinations {
		if destination.URL != "" {
			links = append(links, strings.NewReplacer("${JAEGER_PUBLIC_URL}", "${jaeger}", "${CONSOLE_PUBLIC_URL}", "${console}").Replace(destination.URL))
		}
	}
	return links
}

func TestExemplarsLeadToTraceAndJourney(t *testing.T) {
	sources := dataSources(t)
	if sources["prometheus"].Type != "prometheus" || sources["jaeger"].Type != "jaeger" {
		t.Fatalf("the data sources are %+v, want prometheus and jaeger", sources)
	}
	inside := false
	for _, destination := range sources["prometheus"].JSONData.ExemplarTraceIDDestinations {
		if destination.Name != "trace_id" {
			t.Errorf("an exemplar's trace id is in the label trace_id, not in %q", destination.Name)
		}
		inside = inside || sources[destination.DatasourceUID].Type == "jaeger"
	}
	if links := exemplarLinks(t); !inside || len(links) != 2 || !strings.HasPrefix(links[0], "${jaeger}/trace/") || !strings.HasPrefix(links[1], "${console}/journeys/") {
		t.Errorf("want links to the data source jaeger, to Jaeger and to the console, got %q", links)
	}
}

// TestTheProviderReadsTheGeneratedFiles compares the provider's folder with the mount in docker-compose.yml.
func TestTheProviderReadsTheGeneratedFiles(t *testing.T) {
	text, err := os.ReadFile("provisioning/dashboards/traceria.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Providers []struct{ Options struct{ Path string } }
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Providers) != 1 {
		t.Fatalf("want one provider: %v", err)
	}
	compose, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	if mount := ":" + file.Providers[0].Options.Path; !strings.Contains(string(compose), mount) {
		t.Errorf("docker-compose.yml mounts nothing at %s", mount)
	}
}
