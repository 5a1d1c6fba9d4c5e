package atomicfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"traceria/services/atomicfile"
)

// A chain of links, absolute and relative, through folders that are links, leads to a file that may exist.
func TestTheFileBehindAnyChainOfLinksIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		root, err := os.MkdirTemp(t.TempDir(), "") //nolint:usetesting // a folder for each check
		if err != nil {
			r.Fatal(err)
		}
		must(r, os.MkdirAll(filepath.Join(root, "a", "b"), 0o700))
		must(r, os.Symlink(filepath.Join("a", "b"), filepath.Join(root, "c"))) // c/.. is a
		file := filepath.Join(root, "a", "real.json")
		mode := rapid.SampledFrom([]fs.FileMode{0o600, 0o640, 0o644}).Draw(r, "mode")
		dangling := rapid.Bool().Draw(r, "dangling")
		if !dangling {
			must(r, os.WriteFile(file, []byte("old"), mode))
		}
		path := file
		var links []string
		for i := range rapid.IntRange(0, 5).Draw(r, "links") {
			folder := rapid.SampledFrom([]string{".", "a", "a/b", "c"}).Draw(r, "folder")
			link := filepath.Join(root, folder, fmt.Sprint("link", i))
			to := path
			if rapid.Bool().Draw(r, "relative") {
				real, err := filepath.EvalSymlinks(filepath.Dir(link))
				must(r, err)
				to, err = filepath.Rel(real, path)
				must(r, err)
			}
			must(r, os.Symlink(to, link))
			if path, err = filepath.EvalSymlinks(filepath.Dir(link)); err != nil {
				r.Fatal(err)
			}
			path = filepath.Join(path, filepath.Base(link))
			links = append(links, link)
		}
		must(r, atomicfile.Write(path, []byte("new"), 0o644))
		content, err := os.ReadFile(file)
		if err != nil || string(content) != "new" {
			r.Fatalf("the file has %q, %v", content, err)
		}
		for _, link := range links {
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				r.Fatalf("%s is no link any more: %v", link, err)
			}
		}
		if info, _ := os.Stat(file); !dangling && info.Mode().Perm() != mode {
			r.Fatalf("mode %s, want %s", info.Mode(), mode)
		}
	})
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFolderAndACircleOfLinksAreErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	circle := filepath.Join(folder, "circle")
	toFolder := filepath.Join(folder, "to-folder")
	if err := errors.Join(os.Symlink("circle", circle), os.Symlink(".", toFolder)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		folder: "is no file: want a file", toFolder: "is no file: want a file", circle: "is a circle of symbolic links",
	} {
		if err := atomicfile.Write(path, nil, 0o600); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}
