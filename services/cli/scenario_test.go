package cli

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"traceria/services/scenario"
)

func TestScenarioListAndShow(t *testing.T) {
	t.Parallel()
	out, err := runCLI(t, "scenario", "list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var listed []listedScenario
	if err := json.Unmarshal([]byte(out), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed) != len(scenario.All())+2 {
		t.Errorf("%d scenarios are listed, want %d with mystery and conformance", len(listed), len(scenario.All())+2)
	}
	for _, s := range listed {
		page, err := runCLI(t, "scenario", "show", s.Name)
		if err != nil || !strings.HasPrefix(page, "# ") || !strings.Contains(page, "traceria scenario run "+s.Name) {
			t.Errorf("%s: %v\n%s", s.Name, err, page)
		}
	}
}

func TestAWrongScenarioCommandSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"run":                                 "NAME is missing: want names, or --all",
		"run --all happy-path":                "--all and names cannot be used together",
		"run hapy-path":                       `"hapy-path": there is no such scenario; there are happy-path`,
		"run happy-path --seed 3":             "--seed belongs to: traceria scenario run mystery",
		"run --all --queue q":                 "--queue belongs to: traceria scenario run conformance",
		"run mystery --level 4":               "--level 4: want 1 to 3",
		"run mystery --hint --give-up":        "--hint and --give-up cannot be used together",
		"run happy-path mystery":              `"mystery": there is no such scenario`,
		"run conformance":                     "queue",
		"run conformance --queue q --count 0": "exchange",
		"show nothing":                        `"nothing": there is no such scenario`,
		"show":                                "NAME is missing",
	} {
		out, err := runCLI(t, append([]string{"scenario"}, strings.Fields(line)...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q\n%s", line, err, want, out)
		}
	}
}

func TestAWrongSubscribeCommandSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"kitchen --event order.order-confirmed.v2":            "which no service has",
		"New --event order.order-confirmed.v2":                "small letters",
		"newcomer --event order.order-confirmed":              "want one of order.order-created.v1",
		"newcomer":                                            "--event",
		"newcomer --event order.order-confirmed.v2 --for -1s": "want a time above 0",
	} {
		if _, err := runCLI(t, append([]string{"subscribe"}, strings.Fields(line)...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// runCLI runs a command line and returns its standard output.
func runCLI(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root, out := newRoot(), &strings.Builder{}
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(io.Discard)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}
