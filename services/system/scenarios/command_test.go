package scenarios

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"traceria/services/scenario"
	"traceria/services/system/systemtest"
)

// testCommands types what the pages say about the mystery and about conformance.
func testCommands(t *testing.T, h *systemtest.House) {
	key := string(scenario.Culprits(5, 1)[0])
	for _, one := range []struct {
		line string
		code int
		want string
	}{
		{"run mystery --guess " + key, 1, "no mystery goes on"},
		{"run mystery --seed 5", 0, "Something is wrong with the orders of customer mystery-5"},
		{"run mystery", 1, "a mystery goes on"},
		{"run mystery --hint", 0, "It is in the group "},
		{"run mystery --guess kitchen.lazy", 2, "kitchen.lazy"},
		{"run mystery --guess kitchen.hang", 1, "that is not it (guess 1)"},
		{"run mystery --guess " + key, 0, "1 wrong guesses and 1 hints"},
		{"run mystery --seed 5 --json", 0, `"seed": 5`},
		{"run mystery --give-up", 0, key + ": "},
		{"run mystery --give-up", 1, "no mystery goes on"},
		{"run conformance --queue nothing --exchange conformance --timeout 1s", 1, "start your service"},
		{"run happy-path --json", 0, `"passed": true`},
	} {
		text, code := runScenario(t, h, one.line)
		if code != one.code || !strings.Contains(text, one.want) {
			t.Errorf("traceria scenario %s: exit code %d, want %d and %q\n%s", one.line, code, one.code, one.want, text)
		}
	}
}

// runScenario runs traceria scenario and returns both outputs and the exit code.
func runScenario(t *testing.T, h *systemtest.House, line string) (string, int) {
	t.Helper()
	cmd := h.Command(t.Context(), "order", append([]string{"scenario"}, strings.Fields(line)...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), 0
}
