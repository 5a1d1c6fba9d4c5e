package cli

import (
	"testing"

	"traceria/services/pizzeria"
)

// An unreleased event may change in any way. The catalogue says so.
func TestAnUnreleasedEventIsMarked(t *testing.T) {
	t.Parallel()
	c := pizzeria.Contract{Released: false, Published: true}
	if got := marks(c); got != " (unreleased)" {
		t.Errorf("the catalogue says %q", got)
	}
	c.Released = true
	if got := marks(c); got != "" {
		t.Errorf("a released event is marked: %q", got)
	}
}
