package dashboards_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/dashboards"
)

func TestFilesAreGenerated(t *testing.T) {
	files, err := dashboards.Files()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for name, content := range files {
		want = append(want, name)
		stored, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%v; run: make generate", err)
			continue
		}
		if diff := cmp.Diff(string(content), string(stored)); diff != "" {
			t.Errorf("%s is not as generated (-generated +stored); run: make generate\n%s", name, diff)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("the dashboards (-generated +stored):\n%s", diff)
	}
}
