package host_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"traceria/services/failure"
	"traceria/services/host"
)

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(environment{"TRACERIA_DATA": "/data"}.lookup)
	got := host.Load(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	want := host.Config{
		AMQPURL:       "amqp://guest:guest@127.0.0.1:5672/",
		ManagementURL: "http://guest:guest@127.0.0.1:15672",
		DatabaseURL:   "sqlite:/data/{service}.db",
		URLs: map[string]string{
			"console": "http://127.0.0.1:8080", "order": "http://127.0.0.1:8081", "kitchen": "http://127.0.0.1:8082",
			"delivery": "http://127.0.0.1:8083", "loyalty": "http://127.0.0.1:8084", "staff": "http://127.0.0.1:8085",
		},
		JaegerURL: "http://127.0.0.1:16686", JaegerPublicURL: "http://127.0.0.1:16686", ConsolePublicURL: "http://127.0.0.1:8080",
		CollectorURL: "http://127.0.0.1:4318", LogLevel: zerolog.InfoLevel,
		CollectorMetricsURL: "http://127.0.0.1:8888/metrics", PrometheusURL: "http://127.0.0.1:9090",
		OutboxRetention: time.Hour, Flags: failure.File{Path: "/data/flags.json"},
	}
	// package broker tests the back-off
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(host.Config{}, "BackOff", "Events")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEachServiceHasItsOwnPortAndDatabase(t *testing.T) {
	t.Parallel()
	c := host.Load(host.NewEnv(environment{"DATABASE_URL": "sqlite:/x/{service}/db"}.lookup))
	if got := c.Addr("kitchen"); got != "127.0.0.1:8082" {
		t.Errorf("got %s", got)
	}
	if got := c.Database("kitchen"); got != "sqlite:/x/kitchen/db" {
		t.Errorf("got %s", got)
	}
}

func TestEnvironmentOverridesTheDefaults(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(environment{
		"AMQP_URL": "amqp://u:p@rabbit:5673/x", "HTTP_ADDR": ":80", "JAEGER_URL": "http://jaeger:16686/", "LOG_LEVEL": "warn",
		"KITCHEN_URL": "http://kitchen:8082", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
	}.lookup)
	c := host.Load(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	got := []string{c.AMQPURL, c.Addr("order"), c.JaegerURL, c.JaegerPublicURL, c.LogLevel.String(), c.URLs["kitchen"], c.CollectorURL, c.ConsolePublicURL}
	want := []string{
		"amqp://u:p@rabbit:5673/x", ":80", "http://jaeger:16686", "http://jaeger:16686", "warn",
		"http://kitchen:8082", "http://collector:4318", "http://127.0.0.1:8080",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestServicesCannotShareASQLiteFile(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(environment{"DATABASE_URL": "sqlite:/data/all.db"}.lookup)
	host.Load(env)
	if err := env.Err(); err == nil || !strings.Contains(err.Error(), "each service has a database of its own") {
		t.Errorf("got %v", err)
	}
}

func TestServicesShareAPostgresDatabase(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"postgres://u:p@db:5432/traceria?search_path=ours": false, "postgres://u:p@db:5432/traceria?search_path=our_{service}": true,
	} {
		env := host.NewEnv(environment{"DATABASE_URL": url}.lookup)
		if host.Load(env); (env.Err() == nil) != good {
			t.Errorf("%s: %v", url, env.Err())
		}
	}
	env := host.NewEnv(environment{"DATABASE_URL": "postgres://u:p@db:5432/traceria"}.lookup)
	if got := host.Load(env).Database("kitchen"); env.Err() != nil || got != "postgres://u:p@db:5432/traceria" {
		t.Errorf("got %s and %v", got, env.Err())
	}
}
