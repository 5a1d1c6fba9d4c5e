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

// Ports are where the services listen unless HTTP_ADDR says otherwise.
var Ports = map[string]int{
	"console": 8080, "order": 8081, "kitchen": 8082, "delivery": 8083, "loyalty": 8084, "staff": 8085,
}

// Config is the configuration that all services share.
type Config struct {
	// AMQPURL (AMQP_URL) is the broker, with the user's password in it: that of the URL, or that of the file which
	// AMQP_PASSWORD_FILE names.
	AMQPURL string
	// ManagementURL (RABBITMQ_MANAGEMENT_URL) is the broker's management API. Without a user in it, that of AMQPURL
	// is meant by those who look at bindings.
	ManagementURL string
	// DatabaseURL (DATABASE_URL) is sqlite:PATH, with {service} standing for the service's name, or
	// postgres://USER:PASSWORD@HOST:PORT/DATABASE.
	DatabaseURL string
	// HTTPAddr (HTTP_ADDR) is where the service listens; empty means the port of its URL, on loopback.
	HTTPAddr string
	// URLs (ORDER_URL, KITCHEN_URL, …, CONSOLE_URL) are where the services are reached, by name.
	URLs map[string]string
	// JaegerURL (JAEGER_URL) is Jaeger's query API; JaegerPublicURL (JAEGER_PUBLIC_URL) is what a browser opens.
	JaegerURL, JaegerPublicURL string
	// ConsolePublicURL (CONSOLE_PUBLIC_URL) is the console's address for a browser; CONSOLE_URL is for the services.
	ConsolePublicURL string
	// CollectorURL is where OTLP goes: OTEL_EXPORTER_OTLP_ENDPOINT.
	CollectorURL string
	// BackOff (TRACERIA_RETRY_BACKOFF) is how long messages wait between their attempts (topology.ParseBackOff).
	BackOff topology.BackOff
	// OutboxRetention (TRACERIA_OUTBOX_RETENTION) is how long an event that was published is kept, to be published again
	// when a queue is lost with what it held.
	OutboxRetention time.Duration
	// Events, if set, says at any time how events are published and read; nil means the defaults.
	Events func(ctx context.Context) event.Choices
	// Flags (TRACERIA_FLAGS) is the file with the switches of the failures; without a path, nothing is switched on.
	Flags failure.File
	// LogLevel (LOG_LEVEL) is the least level that is logged.
	LogLevel zerolog.Level
}

// Load reads the configuration. What is wrong is remembered in env.
func Load(env *Env) Config {
	c := Config{
		AMQPURL:       env.Checked("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/", checkBrokerURL),
		ManagementURL: env.URL("RABBITMQ_MANAGEMENT_URL", "http://guest:guest@127.0.0.1:15672"),
		DatabaseURL: env.Checked("DATABASE_URL",
			"sqlite:"+filepath.Join(env.String("TRACERIA_DATA", defaultData()), "{service}.db"), checkDatabaseURL),
		URLs:         map[string]string{},
		JaegerURL:    env.URL("JAEGER_URL", "http://127.0.0.1:16686"),
		CollectorURL: strings.TrimRight(env.String("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"), "/"),
	}
	c.Flags.Path = env.String("TRACERIA_FLAGS", filepath.Join(env.String("TRACERIA_DATA", defaultData()), "flags.json"))
	c.AMQPURL = withPassword(env, c.AMQPURL)
	c.JaegerPublicURL = env.URL("JAEGER_PUBLIC_URL", c.JaegerURL)
	if env.String("HTTP_ADDR", "") != "" {
		c.HTTPAddr = env.Addr("HTTP_ADDR", "")
	}
	for name, port := range Ports {
		c.URLs[name] = env.URL(strings.ToUpper(name)+"_URL", "http://127.0.0.1:"+strconv.Itoa(port))
	}
	c.ConsolePublicURL = env.URL("CONSOLE_PUBLIC_URL", c.URLs["console"])
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

// Addr is where the named service listens: HTTP_ADDR, or else on loopback at the port by which others reach it,
// so that KITCHEN_URL alone moves the kitchen.
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

// Database is the URL of the named service's own database.
func (c Config) Database(service string) string {
	return strings.ReplaceAll(c.DatabaseURL, "{service}", service)
}

// checkBrokerURL adds the port to what the broker's own check looks at.
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
	// In PostgreSQL one database will do: each service has a schema of its own in it, unless the URL names one for all.
	scheme, _, _ := strings.Cut(value, ":")
	if (scheme == "postgres" || scheme == "postgresql") && !strings.Contains(value, "search_path") {
		return nil
	}
	if !strings.Contains(value, "{service}") {
		return errors.New("want {service} in it: each service has a database of its own (or, in PostgreSQL, a search_path)")
	}
	return nil
}

// defaultData is a folder of the user's own; where there is no home, a temporary one.
func defaultData() string {
	if state := os.Getenv("XDG_STATE_HOME"); state != "" {
		return filepath.Join(state, "traceria")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "traceria")
	}
	return filepath.Join(os.TempDir(), "traceria")
}
