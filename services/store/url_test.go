package store_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"traceria/services/store"
	"traceria/telemetry"
)

func TestADatabaseURLThatCannotBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is no database, it is a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"":                               "the database URL is empty; want sqlite:PATH",
		"sqlite:":                        `the database URL "sqlite:" names no file; want sqlite:PATH`,
		"mysql://user:hunter2@host/db":   `the database URL has scheme "mysql"; want sqlite:PATH or postgres://`,
		"postgres://u:hunter2@host:x/db": "the database URL cannot be read; want postgres://",
		"postgres://u:hun ter2@%zz/db":   "the database URL cannot be read; want postgres://",
		"postgres://u:hunter2@host/db?sslmode=perhaps": "the database URL cannot be used; want postgres://",
		"sqlite::memory:":                     "the database URL is a database in memory",
		"host=db user=u password=hunter2":     "the database URL is a list of settings; want sqlite:PATH or postgres://",
		"host=db user=u password=x:hunter2":   "the database URL is a list of settings; want sqlite:PATH or postgres://",
		" password = 'hunter2:x://y' host=db": "the database URL is a list of settings; want sqlite:PATH or postgres://",
		"hunter2:u@host/db":                   "the database URL cannot be read; want sqlite:PATH or postgres://",
		"sqlite:///tmp/:memory:order":         "the database URL is a database in memory",
		"sqlite:" + file + "/order.db":        "create the folder of the database",
		"sqlite:" + file:                      "create the tables in " + file,
	} {
		db, err := store.Open(t.Context(), url, "order", "", tel)
		if err == nil {
			_ = db.Close()
			t.Errorf("%q is opened", url)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, want %q", url, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q shows the password", err)
		}
	}
}

func TestTheWaysToNameAFileAllOpenIt(t *testing.T) {
	t.Parallel()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"sqlite:PATH", "sqlite://PATH", "file:PATH", "PATH"} {
		// A name that would mean something else in a URL.
		path := filepath.Join(t.TempDir(), "deep er", "a=b", "100%?order#1.db")
		db, err := store.Open(t.Context(), strings.Replace(form, "PATH", path, 1), "order", schema, tel)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if err := db.Close(); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
}
