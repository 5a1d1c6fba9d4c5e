package cli

import (
	"testing"

	"traceria/services/pizzeria"
)

// What is not released may change in any way, and the catalogue says so.
func TestAnUnreleasedEventIsMarked(t *testing.T) {
	t.Parallel()
	c := pizzeria.Contract{Released: false, Published: true}
	if got := mark(c); got != " (unreleased)" {
		t.Errorf("the catalogue says %q", got)
	}
	c.Released = true
	if got := mark(c); got != "" {
		t.Errorf("a released event is marked: %q", got)
	}
}
