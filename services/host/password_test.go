package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/host"
)

func TestBrokerPasswordComesFromAFile(t *testing.T) {
	t.Parallel()
	const secret = "p/a:s@s%wörd #1?"
	path := write(t, "\n"+secret+"\n")
	env := host.NewEnv(environment{"AMQP_URL": "amqp://kitchen@rabbit:5673/place", "AMQP_PASSWORD_FILE": path}.lookup)
	c := host.Load(env)
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	got, err := amqp091.ParseURI(c.AMQPURL)
	if err != nil {
		t.Fatal(err)
	}
	if got.Username != "kitchen" || got.Password != secret || got.Host != "rabbit" || got.Port != 5673 || got.Vhost != "place" {
		t.Errorf("got %+v", got)
	}
}

func TestPasswordFileErrorNeverShowsThePassword(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse"
	const user = "amqp://kitchen@rabbit/"
	folder := t.TempDir()
	cases := map[string]struct {
		broker, path string
		want         []string
	}{
		"missing":        {user, filepath.Join(folder, "none"), []string{filepath.Join(folder, "none"), "no such file"}},
		"a folder":       {user, folder, []string{folder, "is a directory"}},
		"empty":          {user, write(t, ""), []string{"is empty"}},
		"blank":          {user, write(t, " \n\t\n"), []string{"is empty"}},
		"two lines":      {user, write(t, secret+"\n"+secret), []string{"one line"}},
		"too long":       {user, write(t, strings.Repeat(secret, 400)), []string{"one line"}},
		"two passwords":  {"amqp://kitchen:" + secret + "@rabbit/", write(t, secret), []string{"AMQP_URL has a password already"}},
		"empty password": {"amqp://kitchen:@rabbit/", write(t, secret), []string{"AMQP_URL has a password already"}},
		"no user":        {"amqp://rabbit/", write(t, secret), []string{"names no user"}},
		"no URL":         {"", write(t, secret), []string{"names no user"}},
		"a wrong broker": {"http://kitchen@rabbit/", write(t, secret), []string{"AMQP_URL: "}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := host.NewEnv(environment{"AMQP_URL": c.broker, "AMQP_PASSWORD_FILE": c.path}.lookup)
			host.Load(env)
			err := env.Err()
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in: %v", want, err)
				}
			}
			if name != "a wrong broker" && !strings.Contains(err.Error(), "AMQP_PASSWORD_FILE") {
				t.Errorf("want AMQP_PASSWORD_FILE in: %v", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// write creates a temporary file with the content.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
