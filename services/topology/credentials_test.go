package topology_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker/brokertest"
	"traceria/services/topology"
)

// tree returns the modes of the files and folders in a folder, and the contents of the files.
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
	_, all := brokertest.Definitions(t, "definitions.json")
	users := []string{"order", "kitchen", "delivery", "loyalty", "staff", "operator", "console"}
	folder := filepath.Join(t.TempDir(), "credentials")
	made, err := all.WriteCredentials(folder, false)
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
	made, err = all.WriteCredentials(folder, false)
	if err != nil || len(made) > 0 {
		t.Errorf("again: made %v, %v", made, err)
	}
	_, again := tree(t, folder)
	if diff := cmp.Diff(contents, again); diff != "" {
		t.Errorf("the second time changed something (-first +second):\n%s", diff)
	}
}

// A removed password is replaced by another one. The others stay.
func TestOnePasswordCanBeRenewed(t *testing.T) {
	t.Parallel()
	_, all := brokertest.Definitions(t, "definitions.json")
	folder := t.TempDir()
	if _, err := all.WriteCredentials(folder, true); err != nil {
		t.Fatal(err)
	}
	_, before := tree(t, folder)
	renewed := filepath.Join("kitchen", "password")
	if err := os.Remove(filepath.Join(folder, renewed)); err != nil {
		t.Fatal(err)
	}
	made, err := all.WriteCredentials(folder, true)
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

// A folder of an earlier version has no password of the console. Only that is made. The hashes of the others stay.
func TestANewUserJoinsAnOldFolder(t *testing.T) {
	t.Parallel()
	_, all := brokertest.Definitions(t, "definitions.json")
	folder := t.TempDir()
	if _, err := all.WriteCredentials(folder, true); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "broker", "definitions.json")
	text, before := read(t, file)
	users := before.Users
	before.Users = users[:len(users)-1]
	if name := users[len(users)-1].Name; name != topology.Console {
		t.Fatalf("the last user is %s", name)
	}
	before.Permissions = before.Permissions[:len(before.Permissions)-1]
	old, err := before.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(file, old, 0o600), os.RemoveAll(filepath.Join(folder, topology.Console))); err != nil {
		t.Fatal(err)
	}
	made, err := all.WriteCredentials(folder, true)
	if diff := cmp.Diff([]string{topology.Console}, made); err != nil || diff != "" {
		t.Errorf("%v (-want +made)\n%s", err, diff)
	}
	again, after := read(t, file)
	if diff := cmp.Diff(users[:len(users)-1], after.Users[:len(users)-1]); diff != "" {
		t.Errorf("the other users (-before +after)\n%s", diff)
	}
	if text == again || after.Users[len(users)-1].Hash == "" {
		t.Errorf("the new user is %+v", after.Users[len(users)-1])
	}
}

func read(t *testing.T, file string) (string, topology.Definitions) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all topology.Definitions
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return string(text), all
}

func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	_, all := brokertest.Definitions(t, "definitions.json")
	folder := t.TempDir()
	empty := filepath.Join(folder, "kitchen", "password")
	if err := os.MkdirAll(filepath.Dir(empty), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := all.WriteCredentials(folder, false); err == nil || !strings.Contains(err.Error(), empty+" is empty") {
		t.Errorf("an empty password: %v", err)
	}
	occupied := filepath.Join(t.TempDir(), "order")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := all.WriteCredentials(filepath.Dir(occupied), false); err == nil || !strings.Contains(err.Error(), occupied) {
		t.Errorf("a file where the folder should be: %v", err)
	}
}
