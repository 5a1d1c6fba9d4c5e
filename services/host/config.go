package host

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/store"
	"traceria/services/topology"
	"traceria/telemetry"
)

// Ports are the default ports of the services. HTTP_ADDR and the services' URLs override them.
var Ports = map[string]int{
	"console": 8080, "order": 8081, "kitchen": 8082, "delivery": 8083, "loyalty": 8084, "staff": 8085,
}

// Config is the configuration that all services share.
type Config struct {
	// AMQPURL (AMQP_URL) is the broker's address with the password in it. AMQP_PASSWORD_FILE may supply the password.
	AMQPURL string
	// ManagementURL (RABBITMQ_MANAGEMENT_URL) is the broker's management API. The code that reads bindings takes the
	// user of AMQPURL when this URL has none.
	ManagementURL string
	// DatabaseURL (DATABASE_URL) is sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE. {service} in it is
	// replaced by the service's name.
	DatabaseURL string
	// HTTPAddr (HTTP_ADDR) is the listen address. Empty means loopback and the port of the service's URL.
	HTTPAddr string
	// URLs (ORDER_URL, KITCHEN_URL, …, CONSOLE_URL) are the services' addresses by name.
	URLs map[string]string
	// JaegerURL (JAEGER_URL) is Jaeger's query API. JaegerPublicURL (JAEGER_PUBLIC_URL) is its address for a browser.
	JaegerURL, JaegerPublicURL string
	// PrometheusURL (PROMETHEUS_URL) is Prometheus, and GrafanaURL (GRAFANA_URL) is Grafana, or empty where there is none.
	PrometheusURL, GrafanaURL string
	// ConsolePublicURL (CONSOLE_PUBLIC_URL) is the console's address for a browser. Services use CONSOLE_URL.
	ConsolePublicURL string
	// CollectorURL (OTEL_EXPORTER_OTLP_ENDPOINT) receives OTLP.
	CollectorURL string
	// CollectorMetricsURL (COLLECTOR_METRICS_URL) has the Collector's own metrics, in the format of Prometheus.
	CollectorMetricsURL string
	// BackOff (TRACERIA_RETRY_BACKOFF) holds the pauses between the attempts at a message (topology.ParseBackOff).
	BackOff topology.BackOff
	// OutboxRetention (TRACERIA_OUTBOX_RETENTION) is how long a published event is kept. It can be published again when
	// a queue was lost with its messages.
	OutboxRetention time.Duration
	// Events returns the current form of events. A nil Events means the defaults.
	Events func(ctx context.Context) event.Choices
	// Flags (TRACERIA_FLAGS) is the file of the failure switches. Without a path every switch is off.
	Flags failure.File
	// LogLevel (LOG_LEVEL) is the lowest level that is logged.
	LogLevel zerolog.Level
}

// Load reads the configuration and records its errors in env.
func Load(env *Env) Config {
	c := Config{
		AMQPURL:       env.Checked("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/", checkBrokerURL),
		ManagementURL: env.URL("RABBITMQ_MANAGEMENT_URL", "http://guest:guest@127.0.0.1:15672"),
		DatabaseURL: env.Checked("DATABASE_URL",
			"sqlite:"+filepath.Join(env.String("TRACERIA_DATA", defaultData()), "{service}.db"), checkDatabaseURL),
		URLs:                map[string]string{},
		JaegerURL:           env.URL("JAEGER_URL", "http://127.0.0.1:16686"),
		CollectorMetricsURL: env.URL("COLLECTOR_METRICS_URL", "http://127.0.0.1:8888/metrics"),
		PrometheusURL:       env.URL("PROMETHEUS_URL", "http://127.0.0.1:9090"),
		CollectorURL:        strings.TrimRight(env.String("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"), "/"),
	}
	c.Flags.Path = env.String("TRACERIA_FLAGS", filepath.Join(env.String("TRACERIA_DATA", defaultData()), "flags.json"))
	c.AMQPURL = withPassword(env, c.AMQPURL)
	c.JaegerPublicURL = telemetry.Redacted(env.URL("JAEGER_PUBLIC_URL", c.JaegerURL)) // it is in every answer
	if env.String("GRAFANA_URL", "") != "" {
		c.GrafanaURL = env.URL("GRAFANA_URL", "")
	}
	if env.String("HTTP_ADDR", "") != "" {
		c.HTTPAddr = env.Addr("HTTP_ADDR", "")
	}
	for name, port := range Ports {
		c.URLs[name] = env.URL(strings.ToUpper(name)+"_URL", "http://127.0.0.1:"+strconv.Itoa(port))
	}
	c.ConsolePublicURL = telemetry.Redacted(env.URL("CONSOLE_PUBLIC_URL", c.URLs["console"]))
	env.Also(telemetry.CheckEnvironment(env.lookup))
	env.Checked("TRACERIA_RETRY_BACKOFF", "", func(text string) (err error) {
		c.BackOff, err = topology.ParseBackOff(text)
		return err
	})
	env.Checked("TRACERIA_OUTBOX_RETENTION", store.DefaultKeepSent.String(), func(text string) (err error) {
		c.OutboxRetention, err = store.CheckKeepSent(text)
		return err
	})
	c.Events = switched(EventChoices(env))
	level := env.OneOf("LOG_LEVEL", "info", "trace", "debug", "info", "warn", "error")
	c.LogLevel, _ = zerolog.ParseLevel(level)
	return c
}

// Addr returns the listen address of the service: HTTP_ADDR, or loopback with the port of the service's URL. So
// KITCHEN_URL alone moves the kitchen.
func (c Config) Addr(service string) string {
	if c.HTTPAddr != "" {
		return c.HTTPAddr
	}
	port := strconv.Itoa(Ports[service])
	if u, err := url.Parse(c.URLs[service]); err == nil && u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// Database returns the database URL of the service.
func (c Config) Database(service string) string {
	return strings.ReplaceAll(c.DatabaseURL, "{service}", service)
}

// checkBrokerURL is broker.CheckURL with a check of the port.
func checkBrokerURL(value string) error {
	if err := wire.CheckURL(value); err != nil {
		return err
	}
	if u, err := url.Parse(value); err == nil && u.Port() != "" {
		if n, err := strconv.Atoi(u.Port()); err != nil || n < 1 || n > 65535 {
			return errors.New("want amqp://user:password@host:port/vhost, with a port from 1 to 65535")
		}
	}
	return nil
}

func checkDatabaseURL(value string) error {
	if err := store.CheckURL(strings.ReplaceAll(value, "{service}", "service")); err != nil {
		return err
	}
	// In PostgreSQL the services share a database: each has a schema of its own, unless the URL sets search_path.
	scheme, _, _ := strings.Cut(value, ":")
	if (scheme == "postgres" || scheme == "postgresql") && !strings.Contains(value, "search_path") {
		return nil
	}
	if !strings.Contains(value, "{service}") {
		return errors.New("want {service} in the URL: each service has a database of its own (in PostgreSQL: a search_path of its own)")
	}
	return nil
}

// defaultData returns the user's state folder (XDG), or a temporary folder for a user without a home.
func defaultData() string {
	if state := os.Getenv("XDG_STATE_HOME"); state != "" {
		return filepath.Join(state, "traceria")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "traceria")
	}
	return filepath.Join(os.TempDir(), "traceria")
}
