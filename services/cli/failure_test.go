package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/failure"
	"traceria/services/system/systemtest"
)

func TestFailuresAreSetListedAndCleared(t *testing.T) {
	t.Parallel()
	s, file := systemtest.Flagged(t)
	for _, step := range []struct{ command, says string }{
		{"set kitchen.slow", "kitchen.slow is set to 2s in " + file.Path},
		{"set kitchen.slow=10s", "kitchen.slow is set to 10s in "},
		{"set kitchen.error=twice --percent 30", "kitchen.error is set to twice for 30% in "},
		{"set kitchen.crash --customer anna", `kitchen.crash is set to on for "anna" in `},
		{"set trace.mode=link", "trace.mode is set to link in "},
		{"set trace.mode=parent", "trace.mode is at its default, parent, in "},
	} {
		out, err := s.Traceria(append([]string{"failure"}, strings.Fields(step.command)...)...)
		if err != nil || !strings.HasPrefix(out, step.says) {
			t.Errorf("%s: %v\n%s", step.command, err, out)
		}
	}
	want := map[failure.Key]failure.Setting{
		"kitchen.slow": {Variant: "10s"}, "kitchen.error": {Variant: "twice", Percent: 30}, "kitchen.crash": {Variant: "on", Customer: "anna"},
	}
	if diff := cmp.Diff(want, s.Listed(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if out, err := s.Traceria("failure", "clear", "kitchen.slow"); err != nil || out != "kitchen.slow is at the default in "+file.Path+"\n" {
		t.Errorf("%v\n%s", err, out)
	}
	delete(want, "kitchen.slow")
	if diff := cmp.Diff(want, s.Listed(t)); diff != "" {
		t.Errorf("one is cleared (-want +got)\n%s", diff)
	}
	if out, err := s.Traceria("failure", "clear"); err != nil || out != "everything is at the default in "+file.Path+"\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if on := s.Listed(t); len(on) > 0 {
		t.Errorf("all is cleared, but %v", on)
	}
}

func TestFailureListHasGroupsAndColumns(t *testing.T) {
	t.Parallel()
	s, _ := systemtest.Flagged(t)
	if _, err := s.Traceria("failure", "set", "kitchen.error", "--customer", "anna"); err != nil {
		t.Fatal(err)
	}
	out, err := s.Traceria("failure", "list")
	if err != nil || strings.Contains(out, "\x1b") {
		t.Fatalf("%v\n%q", err, out)
	}
	groups, title := 0, -1
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "  ") {
			groups++
			continue
		}
		fields := strings.Fields(line)
		entry, err := failure.Lookup(failure.Key(fields[0]))
		if err != nil {
			t.Fatal(err)
		}
		at := strings.Index(line, entry.Title)
		if title < 0 {
			title = at
		}
		if at != title {
			t.Errorf("the columns are crooked:\n%s", line)
		}
		if entry.Key == failure.KitchenError && !strings.Contains(line, ` once for "anna" `) || entry.Key == failure.KitchenSlow && fields[1] != "-" {
			t.Error(line)
		}
	}
	known := map[string]bool{}
	for _, entry := range failure.Catalogue() {
		known[entry.Group] = true
	}
	if groups != len(known) {
		t.Errorf("%d groups, want %d", groups, len(known))
	}
}

func TestFailureShowPrintsTheWholeEntry(t *testing.T) {
	t.Parallel()
	s, _ := systemtest.Flagged(t)
	for _, entry := range failure.Catalogue() {
		if entry.Key != failure.KitchenCrash && entry.Key != failure.EventStyle {
			continue
		}
		out, err := s.Traceria("failure", "show", string(entry.Key))
		for _, text := range []string{
			entry.Title, entry.Breaks, entry.Where, entry.Jaeger, entry.Search, entry.Repair, strings.Join(entry.Variants, ", "), string(entry.Targets[0]),
		} {
			if err != nil || !strings.Contains(out, text) {
				t.Errorf("%s: %v: no %q in\n%s", entry.Key, err, text, out)
			}
		}
		if entry.Crash != strings.Contains(out, "traceria all") {
			t.Errorf("%s: a key that ends the process must say where it is refused\n%s", entry.Key, out)
		}
		out, err = s.Traceria("failure", "show", "--json", string(entry.Key))
		var got failure.Entry
		if err != nil || json.Unmarshal([]byte(out), &got) != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(entry, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestFailureRefusesWrongArguments(t *testing.T) {
	t.Parallel()
	s, file := systemtest.Flagged(t)
	for command, says := range map[string]string{
		"show kitchen.slwo":                         "did you mean kitchen.slow? there are",
		"set kitchen.slwo":                          "did you mean kitchen.slow? there are",
		"clear kitchen.slwo":                        "did you mean kitchen.slow? there are",
		"set kitchen.slow=3s":                       "there are off, 2s, 10s",
		"set kitchen.slow=":                         "want a variant behind the =",
		"set kitchen.slow --percent 0":              `--percent "0": want a whole number from 1 to 100`,
		"set kitchen.slow --percent 101":            "want a whole number from 1 to 100",
		"set kitchen.slow --percent x":              `--percent "x": want a whole number`,
		"set kitchen.slow --customer=":              "want the id of a customer",
		"set kitchen.slow --customer a --percent 3": "not both",
		"set kitchen.slow=off --percent 30":         "default",
		"set kitchen.crash":                         "not for everyone",
		"set loyalty.down --customer anna":          "not for customer",
		"set":                                       "KEY is missing",
		"set kitchen.slow kitchen.error":            "got 2 arguments, want one KEY",
		"show":                                      "KEY is missing",
		"clear kitchen.slow kitchen.error":          "at most 1 arg",
		"list kitchen.slow":                         "unknown command",
		"lst":                                       "unknown command",
	} {
		out, err := s.Traceria(append([]string{"failure"}, strings.Split(command, " ")...)...)
		if systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), says) || out != "" {
			t.Errorf("failure %s: exit code %d, want 2 and %q: %v", command, systemtest.ExitCode(err), says, err)
		}
	}
	if _, err := os.Stat(file.Path); err == nil {
		t.Error("a refused command has written a file")
	}
}

func TestABrokenFlagFileIsKept(t *testing.T) {
	t.Parallel()
	s, file := systemtest.Flagged(t)
	if err := os.WriteFile(file.Path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"list", "set kitchen.slow", "clear"} {
		out, err := s.Traceria(append([]string{"failure"}, strings.Fields(command)...)...)
		if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), file.Path) || out != "" {
			t.Errorf("%s: exit code %d: %v", command, systemtest.ExitCode(err), err)
		}
	}
	if text, _ := os.ReadFile(file.Path); string(text) != "{" {
		t.Errorf("the file is now %s", text)
	}
}

// With FLAGD_RESOLVER=rpc a server owns the flags. The catalogue is the same.
func TestFailureRefusesFlagsOfAServer(t *testing.T) {
	t.Parallel()
	s, file := systemtest.Flagged(t, "FLAGD_RESOLVER=rpc")
	for _, command := range []string{"list", "list --json", "set kitchen.slow", "clear", "clear kitchen.slow"} {
		if _, err := s.Traceria(append([]string{"failure"}, strings.Fields(command)...)...); systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), "a flagd server owns the flags") {
			t.Errorf("%s: exit code %d: %v", command, systemtest.ExitCode(err), err)
		}
	}
	if _, err := s.Traceria("failure", "show", "kitchen.slow"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file.Path); err == nil {
		t.Error("there is a file")
	}
}
