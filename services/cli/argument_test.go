package cli

import (
	"errors"
	"strings"
	"testing"
)

// Each command names the argument that it wants, and an empty one is refused before anything is done.
func TestArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"topology", "credentials"}, "DIR is missing"},
		{[]string{"topology", "credentials", ""}, "DIR is empty"},
		{[]string{"trace", " "}, "ID is empty"},
		{[]string{"failure", "set", ""}, "KEY is empty"},
		{[]string{"failure", "show"}, "KEY is missing"},
		{[]string{"dead", "show", "a", "b"}, "got 2 arguments, want one QUEUE"},
		{[]string{"dead", "redrive"}, "QUEUE is missing"},
		{[]string{"events", "show"}, "NAME is missing"},
	} {
		root := newRoot()
		root.SetArgs(c.args)
		err := root.ExecuteContext(t.Context())
		if _, isUsage := errors.AsType[usageError](err); !isUsage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want a usage error with %q", c.args, err, c.want)
		}
	}
}

// The value of a flag is refused in the words of the command line, with what is allowed, and not in those of Go's parser.
func TestValuesOfFlagsAreRefusedWithWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"buy", "--count", "x"}, `--count "x": want a whole number`},
		{[]string{"buy", "--count", "1.5"}, `--count "1.5": want a whole number`},
		{[]string{"buy", "--count", "99999999999999999999"}, "want a whole number"},
		{[]string{"buy", "--timeout", "soon"}, `--timeout "soon": want a time such as`},
		{[]string{"buy", "--wait=perhaps"}, `--wait "perhaps": want true or false`},
		{[]string{"buy", "--failure", ""}, "want key[=variant]"},
		{[]string{"buy", "--failure", "kitchen.slwo"}, "did you mean kitchen.slow?"},
		{[]string{"buy", "--failure", "kitchen.slow=3s"}, "there are off, 2s, 10s"},
		{[]string{"failure", "set", "kitchen.slow", "--percent", "12.5"}, `--percent "12.5": want a whole number`},
		{[]string{"map", "--since", "1"}, "want a time such as"},
		{[]string{"trace", "ORD1", "--why", "--follow"}, "--why and --follow cannot be used together"},
	} {
		root := newRoot()
		root.SetArgs(c.args)
		err := root.ExecuteContext(t.Context())
		if _, isUsage := errors.AsType[usageError](err); !isUsage || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "strconv") {
			t.Errorf("%v: got %v, want a usage error with %q", c.args, err, c.want)
		}
	}
}
