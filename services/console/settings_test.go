package console_test

import (
	"strings"
	"testing"

	"traceria/services/console"
	"traceria/services/host"
)

func TestTheMemoryIsConfigured(t *testing.T) {
	t.Setenv("CONSOLE_MEMORY", "8 MiB")
	c := run(t, false)
	status, body := c.call(t, "GET", "/api/about", "")
	if got := read[struct{ Memory struct{ LimitBytes int64 } }](t, status, body).Memory.LimitBytes; got != 8<<20 {
		t.Errorf("the limit is %d", got)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct{ name, value, says string }{
		{"CONSOLE_MEMORY", "much", "such as 64 MB"},
		{"CONSOLE_MEMORY", "1 kB", "1 MiB to 1 TiB"},
		{"CONSOLE_MEMORY", "-1 MB", "1 MiB to 1 TiB"},
		{"CONSOLE_MEMORY", "9999999 EB", "1 MiB to 1 TiB"},
		{"CONSOLE_HOSTS", "http://demo.example", "without ports"},
		{"CONSOLE_HOSTS", "demo.example:80", "without ports"},
		{"CONSOLE_HOSTS", "*", "without ports"},
		{"CONSOLE_HOSTS", "a b", "without ports"},
	} {
		env := host.NewEnv(func(name string) (string, bool) { return only(name, wrong.name, wrong.value) })
		console.Service(nil).Check(env)
		if err := env.Err(); err == nil || !strings.Contains(err.Error(), wrong.name) || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s=%q: %v", wrong.name, wrong.value, err)
		}
	}
	for _, right := range []string{"", "64MB", "64 mb", "1GiB", "67108864"} {
		env := host.NewEnv(func(name string) (string, bool) { return only(name, "CONSOLE_MEMORY", right) })
		console.Service(nil).Check(env)
		if err := env.Err(); err != nil {
			t.Errorf("%q: %v", right, err)
		}
	}
}

// only is an environment with one variable.
func only(name, set, value string) (string, bool) {
	if name == set {
		return value, true
	}
	return "", false
}
