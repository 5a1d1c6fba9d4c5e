package system

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// The commands of README.md work as they stand there. Only the port of the order service and the placeholder ORDER are
// replaced. services/system/books checks that no command of README.md is missing in a test.
func TestCommandsOfTheFrontPage(t *testing.T) {
	s := systemtest.Up(t)
	user := newUser(t, s)
	t.Cleanup(func() { user.types(t, "bin/traceria failure clear") })

	bought := user.types(t, "bin/traceria buy --wait")
	order := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(bought)
	if !strings.Contains(bought, "delivered") || order == "" {
		t.Fatalf("buy --wait prints no delivered order:\n%s", bought)
	}
	if tree := user.types(t, strings.Replace("bin/traceria trace ORDER", "ORDER", order, 1)); !strings.Contains(tree, "POST /order") {
		t.Errorf("trace prints no tree:\n%s", tree)
	}
	if why := user.types(t, strings.Replace("bin/traceria trace ORDER --why", "ORDER", order, 1)); !strings.Contains(why, "share") {
		t.Errorf("trace --why prints no critical path:\n%s", why)
	}
	user.prints(t, "bin/traceria map", "kitchen.ticket-opened → kitchen")
	user.prints(t, "bin/traceria failure list", "kitchen.slow")
	user.prints(t, "bin/traceria failure set kitchen.slow=10s", "kitchen.slow")
	if on := s.Listed(t)["kitchen.slow"].Variant; on != "10s" {
		t.Errorf("kitchen.slow is set to %q", on)
	}
	user.types(t, "bin/traceria failure clear")
	if on := s.Listed(t); len(on) > 0 {
		t.Errorf("failure clear leaves %v", on)
	}
	user.prints(t, "bin/traceria status", "jaeger")
	user.prints(t, "bin/traceria load --rate 10 --duration 10s", "delivered")

	answer := user.types(t, `curl -s http://127.0.0.1:8081/order -d '{"customerId":"you","items":[{"itemName":"Margherita","quantity":1}],"deliveryAddress":{"addressLine1":"167 My Street"}}'`)
	var placed struct {
		OrderID string
		Links   struct{ Jaeger string }
	}
	if err := json.Unmarshal([]byte(answer), &placed); err != nil || placed.OrderID == "" || !strings.Contains(placed.Links.Jaeger, "/trace/") {
		t.Errorf("POST /order answers %s: %v", answer, err)
	}
}

// user types commands in the top folder of the repository, where bin/traceria is the binary under test.
type user struct {
	dir string
	env []string
	at  *strings.Replacer
}

func newUser(t *testing.T, s *systemtest.System) *user {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.Args[0], filepath.Join(dir, "bin", "traceria")); err != nil {
		t.Fatal(err)
	}
	return &user{dir: dir, env: append(s.Env, systemtest.AsBinary+"=1"), at: strings.NewReplacer("127.0.0.1:8081", s.Addresses["order"])}
}

// types runs the line in a shell and returns what it prints. The line must succeed within a minute.
func (u *user) types(t *testing.T, line string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // also in a clean-up
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", u.at.Replace(line))
	shell.Dir, shell.Env = u.dir, u.env
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

func (u *user) prints(t *testing.T, line, want string) {
	t.Helper()
	if out := u.types(t, line); !strings.Contains(out, want) {
		t.Errorf("%s prints no %s:\n%s", line, want, out)
	}
}
