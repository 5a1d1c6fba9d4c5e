package host_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"traceria/services/host"
)

// environment replaces the process's environment in a test.
type environment map[string]string

func (e environment) lookup(name string) (string, bool) {
	value, set := e[name]
	return value, set
}

func TestWrongValueErrorNamesTheAllowedValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value string
		read  func(*host.Env)
		want  string
	}{
		{"ftp://host", func(e *host.Env) { e.URL("X", "") }, `X="ftp://host": want http://host:port or https://host:port`},
		{"host:80", func(e *host.Env) { e.URL("X", "") }, `want http://host:port or https://host:port`},
		{"http://", func(e *host.Env) { e.URL("X", "") }, `X="(unreadable)": want http://host:port`},
		{"http://host:99999/x", func(e *host.Env) { e.URL("X", "") }, `X="http://host:99999": want http://host:port or https://host:port, with a port from 1`},
		{"8081", func(e *host.Env) { e.Addr("X", "") }, `X="8081": want host:port, such as 127.0.0.1:8081 or :8081`},
		{"a b:80", func(e *host.Env) { e.Addr("X", "") }, `X="a b:80": want host:port`},
		{"127.0.0.1:+80", func(e *host.Env) { e.Addr("X", "") }, `X="127.0.0.1:+80": want host:port`},
		{":99999", func(e *host.Env) { e.Addr("X", "") }, `X=":99999": want host:port`},
		{"many", func(e *host.Env) { e.Int("X", 5, 1, 10) }, `X="many": want a whole number from 1 to 10`},
		{"0", func(e *host.Env) { e.Int("X", 5, 1, 10) }, `X="0": want a whole number from 1 to 10`},
		{"11", func(e *host.Env) { e.Int("X", 5, 1, 10) }, `X="11": want a whole number from 1 to 10`},
		{"loud", func(e *host.Env) { e.OneOf("X", "info", "info", "warn") }, `X="loud": want one of info, warn`},
		{"fast", func(e *host.Env) { e.Span("X", host.Span{}) }, `X="fast": want a duration or a range of durations up to 10m`},
		{"2s-1s", func(e *host.Env) { e.Span("X", host.Span{}) }, `X="2s-1s": want a duration or a range`},
		{"-1s", func(e *host.Env) { e.Span("X", host.Span{}) }, `X="-1s": want a duration or a range`},
		{"11m", func(e *host.Env) { e.Span("X", host.Span{}) }, `X="11m": want a duration or a range`},
	} {
		env := host.NewEnv(environment{"X": c.value}.lookup)
		c.read(env)
		if err := env.Err(); !errors.Is(err, host.ErrConfiguration) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want ErrConfiguration with %s", c.value, err, c.want)
		}
	}
}

func TestRightValueIsRead(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(environment{
		"URL": "https://host:1/base/", "ADDR": ":8081", "ADDR6": "[::1]:0", "ADDRNAME": "pizza-1.local:80", "INT": "7", "ONE": "warn", "RANGE": "50ms - 250ms", "SINGLE": "1s",
	}.lookup)
	if got := env.URL("URL", ""); got != "https://host:1/base" {
		t.Errorf("URL is %q", got)
	}
	for name, want := range map[string]string{"ADDR": ":8081", "ADDR6": "[::1]:0", "ADDRNAME": "pizza-1.local:80"} {
		if got := env.Addr(name, ""); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := env.Int("INT", 1, 0, 10); got != 7 {
		t.Errorf("number is %d", got)
	}
	if got := env.OneOf("ONE", "info", "info", "warn"); got != "warn" {
		t.Errorf("choice is %q", got)
	}
	if got, want := env.Span("RANGE", host.Span{}), (host.Span{Least: 50 * time.Millisecond, Most: 250 * time.Millisecond}); got != want {
		t.Errorf("range is %v", got)
	}
	if got, want := env.Span("SINGLE", host.Span{}), (host.Span{Least: time.Second, Most: time.Second}); got != want {
		t.Errorf("single duration is %v", got)
	}
	if err := env.Err(); err != nil {
		t.Error(err)
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	env := host.NewEnv(environment{
		"AMQP_URL": "http://x", "LOG_LEVEL": "loud", "HTTP_ADDR": "nowhere", "ORDER_URL": "::", "DATABASE_URL": "sqlite:one.db",
		"OTEL_TRACES_EXPORTER": "pigeon", "OTEL_EXPORTER_OTLP_ENDPOINT": "collector",
	}.lookup)
	host.Load(env)
	err := env.Err()
	if err == nil {
		t.Fatal("no error")
	}
	if n := strings.Count(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT"); n != 1 {
		t.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT is named %d times", n)
	}
	for _, name := range []string{"AMQP_URL", "LOG_LEVEL", "HTTP_ADDR", "ORDER_URL", "DATABASE_URL", "OTEL_TRACES_EXPORTER"} {
		if !strings.Contains(err.Error(), "\n"+name) {
			t.Errorf("%s is not named in\n%v", name, err)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, values := range map[string][]string{
		"AMQP_URL": {
			"amqp://guest:hunter2@host:port/", "amqp://guest:hunter2/x@host:5672/", "amqp://guest:hunter2%zz@host/",
			"guest:hunter2@host:5672", "http://guest:hunter2@host/", "amqp://guest:hunter2@ho st/", "amqp://guest:hunter2@host:65536/",
		},
		"RABBITMQ_MANAGEMENT_URL": {
			"ftp://guest:hunter2@host", "guest:hunter2@host:15672", "http://guest:hunter2/x@host:15672", "http://guest:hunter2@ho st/",
			"amqp:guest:hunter2@host", "guest/hunter2@host", "guest:1/hunter2@host", "ftp://guest:1/hunter2@host",
			"ftp://host/?key=hunter2", "http://guest:hunter2@host:65536",
		},
		"DATABASE_URL": {"postgres://user:hunter2@ho st/db", "mysql://user:hunter2@host/{service}", "sqlite:hunter2", "hunter2"},
	} {
		for _, value := range values {
			env := host.NewEnv(environment{name: value}.lookup)
			host.Load(env)
			err := env.Err()
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: got %v, want an error that names the variable", name, value, err)
				continue
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s=%s: the error shows the secret: %v", name, value, err)
			}
		}
	}
}
