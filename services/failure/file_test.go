package failure_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"

	"traceria/services/failure"
)

func newFile(t *testing.T) failure.File {
	t.Helper()
	f := failure.File{Path: filepath.Join(t.TempDir(), "flags", "flags.json")}
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	return f
}

func active(t *testing.T, f failure.File, key failure.Key) *failure.Setting {
	t.Helper()
	all, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range all {
		if status.Key == key {
			return status.Active
		}
	}
	t.Fatalf("no %s", key)
	return nil
}

// schema is flagd's own, from commit 741a7f8e of open-feature/flagd-schemas (Apache 2.0).
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	for _, name := range []string{"targeting", "flags"} {
		text, err := os.ReadFile("testdata/" + name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource("https://flagd.dev/schema/v0/"+name+".json", doc); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := compiler.Compile("https://flagd.dev/schema/v0/flags.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestWrittenFilesMatchTheSchemaOfFlagd(t *testing.T) {
	t.Parallel()
	f, valid := newFile(t), schema(t)
	check := func(what string) {
		text, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := valid.Validate(doc); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("created")
	for _, entry := range failure.Catalogue() {
		for _, s := range []failure.Setting{{}, {Percent: 30}, {Customer: "c1"}} {
			if _, err := f.Set(entry.Key, s); err == nil {
				check(string(entry.Key))
			}
		}
	}
	if err := valid.Validate(map[string]any{"flags": map[string]any{"x": 1}}); err == nil {
		t.Error("the schema accepts a wrong file")
	}
}

func TestSettingsAreReadBackForEveryTarget(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	for _, want := range []failure.Setting{
		{Variant: "10s"}, {Variant: "2s", Percent: 1}, {Variant: "2s", Percent: 100}, {Variant: "10s", Customer: `o'neill "<&>`},
	} {
		set, err := f.Set(failure.KitchenSlow, want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, set.Active); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(&want, active(t, f, failure.KitchenSlow)); diff != "" {
			t.Error(diff)
		}
	}
	if set, err := f.Set(failure.KitchenSlow, failure.Setting{Variant: failure.Off}); err != nil || set.Active != nil || active(t, f, failure.KitchenSlow) != nil {
		t.Errorf("after setting the default: %+v, %v", set.Active, err)
	}
	if _, err := f.Set(failure.KitchenSlow, failure.Setting{}); err != nil {
		t.Fatal(err)
	}
	if err := f.Clear(failure.KitchenSlow); err != nil {
		t.Fatal(err)
	}
	if got := active(t, f, failure.KitchenSlow); got != nil {
		t.Errorf("after clearing: %+v", got)
	}
}

func TestForbiddenTargetChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	before, _ := os.ReadFile(f.Path)
	for key, s := range map[failure.Key]failure.Setting{
		failure.KitchenCrash: {}, failure.LoyaltyDown: {Percent: 10}, failure.EventFormat: {Customer: "c", Variant: "cloudevents"},
		failure.KitchenSlow: {Percent: 10, Customer: "c"}, failure.KitchenError: {Percent: 101}, failure.RetryStorm: {Percent: -1},
		failure.OrderDuplicate: {Variant: failure.Off, Customer: "c"}, failure.OrderReorder: {Customer: "a\nb"}, failure.KitchenReject: {Customer: strings.Repeat("c", 257)},
	} {
		if _, err := f.Set(key, s); !errors.Is(err, failure.ErrTarget) {
			t.Errorf("%s %+v: got %v, want ErrTarget", key, s, err)
		}
	}
	after, _ := os.ReadFile(f.Path)
	if !bytes.Equal(before, after) {
		t.Error("the file changed")
	}
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	var writers sync.WaitGroup
	set := 0
	for _, entry := range failure.Catalogue() {
		if entry.Allows(failure.Everyone) {
			set++
			writers.Go(func() {
				if _, err := f.Set(entry.Key, failure.Setting{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	writers.Wait()
	all, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range all {
		if status.Active != nil {
			set--
		}
	}
	if set != 0 {
		t.Errorf("%d settings were lost", set)
	}
}

func TestHandWrittenFlagsAreKept(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	text, _ := os.ReadFile(f.Path)
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	flags := doc["flags"].(map[string]any)
	rule := map[string]any{"if": []any{map[string]any{"starts_with": []any{map[string]any{"var": "customer"}, "vip"}}, "2s"}}
	flags["kitchen.slow"].(map[string]any)["targeting"] = rule
	flags["my.own"] = map[string]any{"state": "ENABLED", "variants": map[string]any{"a": 1.0}, "defaultVariant": "a"}
	doc["$evaluators"] = map[string]any{"x": map[string]any{"==": []any{1.0, 1.0}}}
	text, _ = json.Marshal(doc)
	if err := os.WriteFile(f.Path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := active(t, f, failure.KitchenSlow); got == nil || got.Variant != failure.Custom {
		t.Errorf("got %+v, want custom", got)
	}
	if _, err := f.Set(failure.KitchenError, failure.Setting{}); err != nil {
		t.Fatal(err)
	}
	if got := active(t, f, failure.KitchenError); got == nil || got.Variant != "once" {
		t.Errorf("got %+v, want once", got)
	}
	text, _ = os.ReadFile(f.Path)
	var after map[string]any
	if err := json.Unmarshal(text, &after); err != nil {
		t.Fatal(err)
	}
	flags["kitchen.error"].(map[string]any)["defaultVariant"] = "once"
	if diff := cmp.Diff(doc, after); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenFileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	for _, broken := range []string{
		"", "{", "null", `{"flags":{}} x`, `{"flags":{"kitchen.slow":{}}}`, `{"flags":null}`,
		`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"5s":"5s"},"defaultVariant":"5s"}}}`,
		`{"flags":{"kitchen.slow":{"state":"ENABLED","variants":{"off":"off"},"defaultVariant":"off","targeting":[]}}}`,
		// flagd would reject these files as a whole.
		`{"metadata":5,"flags":{}}`, `{"$evaluators":1,"flags":{}}`, `{"flags":{"other.flag":{"state":5}}}`,
		`{"flags":{"other.flag":{"state":"ENABLED","variants":[]}}}`,
		strings.Repeat(" ", 1<<20) + `{"flags":{}}`,
	} {
		if err := os.WriteFile(f.Path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := f.List()
		_, setErr := f.Set(failure.KitchenSlow, failure.Setting{})
		if !errors.Is(err, failure.ErrFile) || !errors.Is(setErr, failure.ErrFile) {
			t.Errorf("%.40q: got %v and %v", broken, err, setErr)
		}
		if got, _ := os.ReadFile(f.Path); string(got) != broken {
			t.Errorf("%.40q was overwritten", broken)
		}
	}
}

// A change writes the file behind symbolic links and leaves the links. All names of the file have one lock.
func TestAChangeWritesTheFileBehindLinks(t *testing.T) {
	t.Parallel()
	for name, links := range map[string][]string{ // each link and where it leads, from the first one on
		"relative": {"here/flags.json", "../there/flags.json"},
		"absolute": {"here/flags.json", "/there/flags.json"},
		"chain":    {"a/one", "../b/two", "b/two", "three", "b/three", "/there/flags.json"},
		"folder":   {"here", "there"},
		"dangling": {"here/flags.json", "../there/missing.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			there := failure.File{Path: filepath.Join(root, "there", "flags.json")}
			if err := there.Create(); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(links); i += 2 {
				to := links[i+1]
				if filepath.IsAbs(to) {
					to = root + to
				}
				link := filepath.Join(root, links[i])
				if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(to, link)); err != nil {
					t.Fatal(err)
				}
			}
			f := failure.File{Path: filepath.Join(root, links[0])}
			switch name {
			case "folder":
				f.Path = filepath.Join(f.Path, "flags.json")
			case "dangling":
				there.Path = filepath.Join(root, "there", "missing.json")
			}
			s := open(t, f, false)
			if _, err := f.Set(failure.KitchenSlow, failure.Setting{Variant: "10s"}); err != nil {
				t.Fatal(err)
			}
			within(t, "the service follows", is(s, failure.KitchenSlow, "10s"))
			if set := active(t, there, failure.KitchenSlow); set == nil || set.Variant != "10s" {
				t.Errorf("the real file has %+v", set)
			}
			if info, err := os.Lstat(filepath.Join(root, links[0])); err != nil || info.Mode()&os.ModeSymlink == 0 {
				t.Errorf("the link has become %v, %v", info.Mode(), err)
			}
			var writers sync.WaitGroup // by both names at once
			for i, entry := range failure.Catalogue() {
				writers.Go(func() {
					if _, err := []failure.File{f, there}[i%2].Set(entry.Key, failure.Setting{}); err != nil && !errors.Is(err, failure.ErrTarget) {
						t.Error(err)
					}
				})
			}
			writers.Wait()
			for _, entry := range failure.Catalogue() {
				if entry.Allows(failure.Everyone) && active(t, f, entry.Key) == nil {
					t.Errorf("%s is lost", entry.Key)
				}
			}
		})
	}
}

// What is no file is refused with its name, and nothing waits for it.
func TestAFlagFileThatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	pipe, loop, folder := filepath.Join(root, "pipe"), filepath.Join(root, "loop"), filepath.Join(root, "folder")
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), os.Symlink(loop, loop), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "no file", folder: "no file", loop: "symbolic links"} {
		f := failure.File{Path: path}
		_, setErr := f.Set(failure.KitchenSlow, failure.Setting{})
		if setErr == nil || !errors.Is(setErr, failure.ErrFile) || !strings.Contains(setErr.Error(), want) || !strings.Contains(setErr.Error(), path) {
			t.Errorf("%s: %v", path, setErr)
		}
		if _, err := f.List(); err == nil || !errors.Is(err, failure.ErrFile) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
