package broker_test

import (
	"context"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// tree is what is in a folder: the mode of each file and folder, and the content of the files.
func tree(t *testing.T, folder string) (modes map[string]fs.FileMode, contents map[string]string) {
	t.Helper()
	modes, contents = map[string]fs.FileMode{}, map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		modes[name] = info.Mode()
		if !entry.IsDir() {
			content, err := os.ReadFile(path)
			contents[name] = string(content)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return modes, contents
}

func TestCredentialsAreMadeOnce(t *testing.T) {
	t.Parallel()
	_, topology := file(t)
	users := []string{"order", "kitchen", "delivery", "loyalty", "staff", "operator"}
	folder := filepath.Join(t.TempDir(), "credentials")
	made, err := topology.WriteCredentials(folder, false)
	if diff := cmp.Diff(users, made); err != nil || diff != "" {
		t.Fatalf("%v (-want +made)\n%s", err, diff)
	}
	modes, contents := tree(t, folder)
	want := map[string]fs.FileMode{
		".": fs.ModeDir | 0o700, "broker": fs.ModeDir | 0o700, filepath.Join("broker", "definitions.json"): 0o644,
	}
	seen := map[string]bool{}
	for _, name := range users {
		want[name], want[filepath.Join(name, "password")] = fs.ModeDir|0o700, 0o400
		password := strings.TrimSuffix(contents[filepath.Join(name, "password")], "\n")
		random, err := base64.RawURLEncoding.DecodeString(password)
		if err != nil || len(random) != 32 || seen[password] {
			t.Errorf("%s: a password of %d bytes (%v), which another has: %t", name, len(random), err, seen[password])
		}
		seen[password] = true
		if strings.Contains(contents[filepath.Join("broker", "definitions.json")], password) {
			t.Errorf("the password of %s is in the definitions", name)
		}
	}
	if diff := cmp.Diff(want, modes); diff != "" {
		t.Errorf("files and modes (-want +got):\n%s", diff)
	}
	made, err = topology.WriteCredentials(folder, false)
	if err != nil || len(made) > 0 {
		t.Errorf("again: made %v, %v", made, err)
	}
	_, again := tree(t, folder)
	if diff := cmp.Diff(contents, again); diff != "" {
		t.Errorf("the second time changed something (-first +second):\n%s", diff)
	}
}

// Whoever removes a password gets another, and nobody else does. Guest comes and goes with the flag.
func TestOnePasswordCanBeRenewed(t *testing.T) {
	t.Parallel()
	_, topology := file(t)
	folder := t.TempDir()
	if _, err := topology.WriteCredentials(folder, true); err != nil {
		t.Fatal(err)
	}
	_, before := tree(t, folder)
	renewed := filepath.Join("kitchen", "password")
	if err := os.Remove(filepath.Join(folder, renewed)); err != nil {
		t.Fatal(err)
	}
	made, err := topology.WriteCredentials(folder, true)
	if diff := cmp.Diff([]string{"kitchen"}, made); err != nil || diff != "" {
		t.Errorf("%v (-want +made)\n%s", err, diff)
	}
	_, after := tree(t, folder)
	for name := range before {
		same := before[name] == after[name]
		if changes := name == renewed || strings.HasSuffix(name, "definitions.json"); same == changes {
			t.Errorf("%s is the same: %t", name, same)
		}
	}
}

func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	_, topology := file(t)
	folder := t.TempDir()
	empty := filepath.Join(folder, "kitchen", "password")
	if err := os.MkdirAll(filepath.Dir(empty), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := topology.WriteCredentials(folder, false); err == nil || !strings.Contains(err.Error(), empty+" is empty") {
		t.Errorf("an empty password: %v", err)
	}
	occupied := filepath.Join(t.TempDir(), "order")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := topology.WriteCredentials(filepath.Dir(occupied), false); err == nil || !strings.Contains(err.Error(), occupied) {
		t.Errorf("a file where the folder should be: %v", err)
	}
}

// A broker that an earlier release has used goes on with its data, and nobody gets in with a password that everybody
// knows: neither guest nor traceria, who are in its data with full rights, nor a service without its password.
func TestWellKnownPasswordsAreLockedOut(t *testing.T) {
	t.Parallel()
	_, topology := file(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "broker", "definitions.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	// As the definitions file of the release before had them.
	const earlier = `{"vhosts":[{"name":"/"}],"users":[
		{"name":"guest","password_hash":"hJg8YBx2QZlgys6vYsl0XHHc3KcW1vhEOg3P28l02UUSO1Uf","hashing_algorithm":"rabbit_password_hashing_sha256","tags":["administrator"]},
		{"name":"traceria","password_hash":"qyjX/UWWHL+4LYadf0oMcnd+ypbEDc5bWQKQTr9AXleM0oK4","hashing_algorithm":"rabbit_password_hashing_sha256","tags":["administrator"]}],
		"permissions":[{"user":"guest","vhost":"/","configure":".*","write":".*","read":".*"},{"user":"traceria","vhost":"/","configure":".*","write":".*","read":".*"}]}`
	if err := os.WriteFile(path, []byte(earlier), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &house{topology: topology, folder: folder, server: rabbitmqtest.Start(t, rabbitmqtest.WithDefinitions(path))}
	known := []string{"guest:guest", "traceria:traceria"}
	for _, user := range known {
		if err := login(h.server, user); err != nil {
			t.Fatalf("%s cannot log in to a broker of the earlier release: %v", user, err)
		}
	}
	if err := h.server.Stop(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 100)
	if _, err := topology.WriteCredentials(folder, false); err != nil {
		t.Fatal(err)
	}
	until(t, func(ctx context.Context) {
		topology.Watch(ctx, h.url(t, "operator"), "", func(line string) { said <- line }, nil)
	})
	if line := receive(t, said); !strings.HasPrefix(line, "waiting for RabbitMQ: ") {
		t.Errorf("without a broker it says %q", line)
	}
	if err := h.server.Start(); err != nil {
		t.Fatal(err)
	}
	if line := receive(t, said); !strings.HasSuffix(line, "has the whole topology (nothing was missing)") {
		t.Errorf("with the broker it says %q", line)
	}
	for _, name := range append(topology.Users(), broker.Operator) {
		_ = h.as(t, name) // with its own
	}
	checkLockedOut(t, h.server, append(known, guesses(append(topology.Users(), broker.Operator))...)...)
}

// guesses are what somebody would try who does not know the passwords, as user:password.
func guesses(users []string) []string {
	var all []string
	for _, name := range users {
		all = append(all, name+":", name+":"+name, name+":guest")
	}
	return all
}

// checkLockedOut wants each login to be refused. All at once: RabbitMQ lets those wait for three seconds whom it refuses.
func checkLockedOut(t *testing.T, server *rabbitmqtest.Broker, logins ...string) {
	t.Helper()
	var trying sync.WaitGroup
	defer trying.Wait()
	for _, one := range logins {
		trying.Go(func() {
			if err := login(server, one); !refused(err) {
				t.Errorf("%s logs in: %v", one, err)
			}
		})
	}
}

func login(server *rabbitmqtest.Broker, user string) error {
	conn, err := amqp091.Dial(strings.Replace(server.URL, "guest:guest", user, 1))
	if err == nil {
		_ = conn.Close()
	}
	return err
}
