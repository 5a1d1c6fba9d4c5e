package failure_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"traceria/services/failure"
)

func TestTheFlagFileBehindALinkIsWritten(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	folder := t.TempDir()
	link := failure.File{Path: filepath.Join(folder, "link.json")}
	if err := os.Symlink(f.Path, link.Path); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup // both have the same lock
	for i, key := range []failure.Key{
		failure.KitchenSlow, failure.KitchenError, failure.KitchenPoison, failure.LoyaltyDown, failure.OrderDuplicate, failure.OutboxStall,
	} {
		writers.Go(func() {
			file := f
			if i%2 == 0 {
				file = link
			}
			if _, err := file.Set(key, failure.Setting{}); err != nil {
				t.Error(err)
			}
			if active(t, f, key) == nil || active(t, link, key) == nil {
				t.Errorf("%s is not set in both", key)
			}
		})
	}
	writers.Wait()
	if info, err := os.Lstat(link.Path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info, err)
	}
	if _, err := os.Stat(link.Path + ".lock"); err == nil {
		t.Error("the link has a lock of its own")
	}
}

func TestAFolderAsFlagFileIsAnError(t *testing.T) {
	t.Parallel()
	f := failure.File{Path: t.TempDir()}
	if _, err := f.Set(failure.KitchenSlow, failure.Setting{}); err == nil || !strings.Contains(err.Error(), "is no file: want a file") {
		t.Errorf("got %v", err)
	}
}

func TestSwitchesFollowTheFileBehindALink(t *testing.T) {
	t.Parallel()
	one, other := newFile(t), newFile(t)
	if _, err := other.Set(failure.KitchenSlow, failure.Setting{Variant: "10s"}); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(one.Path, link); err != nil {
		t.Fatal(err)
	}
	s := open(t, failure.File{Path: link}, false)
	variant := func(want string) func() bool {
		return func() bool { got, _ := s.On(t.Context(), failure.KitchenSlow); return got == want }
	}
	if _, err := one.Set(failure.KitchenSlow, failure.Setting{Variant: "2s"}); err != nil {
		t.Fatal(err)
	}
	within(t, "the change of the file behind the link is seen", variant("2s"))
	if err := os.Symlink(other.Path, link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
	within(t, "the link's new file is seen", variant("10s"))
}
