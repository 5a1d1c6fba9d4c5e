package systemtest

import (
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// Update rewrites the golden trees of the tests that run: make golden RUN=TestOneOrderIsOneTrace. Review the difference
// before a commit.
var Update = flag.Bool("update", false, "rewrite the golden trees of the tests that run")

// HappyPath is the golden tree of one order. TestOneOrderIsOneTrace owns it.
const HappyPath = "happy-path.tree"

// CompareGolden compares a tree with the golden tree in system/testdata that the calling test owns. With -update it
// rewrites that file first.
func CompareGolden(t *testing.T, name string, tree *tracetree.Tree) {
	t.Helper()
	if owner, taken := goldenOwners.LoadOrStore(name, t.Name()); taken && owner != t.Name() {
		t.Fatalf("%s belongs to %s: use MatchGolden", name, owner)
	}
	if *Update && !t.Failed() {
		if err := os.WriteFile(goldenPath(t, name), []byte(tracetree.Shape(tree)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	MatchGolden(t, name, tree)
}

// goldenOwners has the test that owns each golden tree.
var goldenOwners sync.Map

// MatchGolden compares a tree with the golden tree of another test. It never writes.
func MatchGolden(t *testing.T, name string, tree *tracetree.Tree) {
	t.Helper()
	want, err := os.ReadFile(goldenPath(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := tracetree.Compare(string(want), tree); diff != "" {
		t.Errorf("the tree differs from %s:\n%s", name, diff)
	}
}

func goldenPath(t *testing.T, name string) string {
	t.Helper()
	return InRepository(t, "services/system/testdata/"+name)
}

// InRepository returns the absolute path of a file of this repository. path is relative to the folder of go.mod.
func InRepository(t *testing.T, path string) string {
	t.Helper()
	folder, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(folder, "go.mod")); missing == nil {
			return filepath.Join(folder, path)
		}
		if folder == filepath.Dir(folder) {
			break
		}
		folder = filepath.Dir(folder)
	}
	t.Fatalf("find go.mod above the working directory: %v", err)
	return ""
}

// Deliver places one order and waits until it is delivered.
func (s *System) Deliver(t *testing.T) orderclient.Order {
	t.Helper()
	client := s.Client()
	order, err := client.Do(t.Context(), "POST", "/order", nil, orderclient.OneMargherita("customer-1"))
	if err != nil {
		t.Fatal(err)
	}
	last, err := client.Await(t.Context(), order.OrderID)
	if err != nil || last.Status != "delivered" {
		t.Fatalf("the order is %s: %v", last.Status, err)
	}
	return last
}
