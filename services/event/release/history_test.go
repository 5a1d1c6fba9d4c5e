package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"traceria/services/event"
)

// TestWhatWasReleasedIsStillThere runs the part of the check in CI that needs the history in git.
func TestWhatWasReleasedIsStillThere(t *testing.T) {
	t.Parallel()
	ledger, err := readLedger(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	problems, err := forgotten(t.Context(), "..", ledger)
	if errors.Is(err, errNoHistory) {
		t.Skipf("released schemas are checked by their digests only: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Error(problem)
	}
}

// commit commits all files. It makes the repository first if there is none.
func (c *contracts) commit(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "-q"},
		{"add", "-A"},
		{"-c", "user.name=a test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false", "commit", "-q", "--allow-empty", "-m", "as it is"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", c.dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

func (c *contracts) forgotten(t *testing.T) (string, error) {
	t.Helper()
	ledger, err := readLedger(os.DirFS(c.dir))
	if err != nil {
		t.Fatal(err)
	}
	problems, err := forgotten(t.Context(), c.dir, ledger)
	return strings.Join(problems, "\n"), err
}

// A change of schema, copy and digest together leaves a consistent tree. Only the history shows it.
func TestTheHistoryKnowsWhatWasReleased(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	for name, spoil := range map[string]func(t *testing.T, c *contracts){
		"a field renamed everywhere, and the digest": func(t *testing.T, c *contracts) {
			for _, name := range []string{boxed, boxedReleased} {
				c.replace(t, name, `"orderId"`, `"order"`)
			}
			c.sum(t, "order-boxed.v1.json")
		},
		"an event deleted everywhere, and its digest": func(t *testing.T, c *contracts) {
			c.forget(t, event.OrderBoxedV1, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := scratch(t)
			c.commit(t)
			if got, err := c.forgotten(t); got != "" || err != nil {
				t.Fatalf("an unchanged history: %s, %v", got, err)
			}
			spoil(t, c)
			if got := c.check(t); got != "" {
				t.Fatalf("check found %q in the tree: this test needs a change that only the history shows", got)
			}
			for _, when := range []string{"before", "after"} {
				got, err := c.forgotten(t)
				if err != nil || !strings.Contains(got, "released order-boxed.v1.json") || !strings.Contains(got, "releases: order-boxed.v1.2.json") {
					t.Errorf("%s it is committed: got %q, %v", when, got, err)
				}
				c.commit(t)
				// One more commit, so that the change is not in the last one.
				c.write(t, "rfc/note.md", when)
				c.commit(t)
			}
		})
	}
}

func TestARepositoryWithoutItsHistorySaysSo(t *testing.T) {
	t.Parallel()
	c := scratch(t)
	if _, err := c.forgotten(t); !errors.Is(err, errNoHistory) {
		t.Errorf("no repository: got %v", err)
	}
	ledger := c.read(t, ledgerFile)
	c.remove(t, ledgerFile)
	c.commit(t)
	c.write(t, ledgerFile, ledger)
	if _, err := c.forgotten(t); !errors.Is(err, errNoHistory) || !strings.Contains(err.Error(), "no commit has") {
		t.Errorf("another repository: got %v", err)
	}
	c.commit(t)
	c.write(t, "rfc/note.md", "a second commit")
	c.commit(t)
	clone := &contracts{dir: filepath.Join(t.TempDir(), "clone")}
	if _, err := git(context.Background(), c.dir, "clone", "-q", "--depth=1", "file://"+c.dir, clone.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := clone.forgotten(t); !errors.Is(err, errNoHistory) || !strings.Contains(err.Error(), "shallow") {
		t.Errorf("a shallow clone: got %v", err)
	}
}
