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
