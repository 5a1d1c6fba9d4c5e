package main

import (
	"strings"
	"testing"
)

// release releases OrderBoxed v1 and returns the file and the error text.
func (c *contracts) release(t *testing.T) (file, problem string) {
	t.Helper()
	file, err := release(c.dir, "OrderBoxed.v1")
	if err != nil {
		return "", err.Error()
	}
	return file, ""
}

func TestWhatIsReleasedIsHeldFromThenOn(t *testing.T) {
	t.Parallel()
	c := scratch(t)
	if _, problem := c.release(t); !strings.Contains(problem, "is already released: released/order-boxed.v1.json") {
		t.Errorf("got %q", problem)
	}
	c.replace(t, boxed, `"properties": {`, `"properties": {"slices": {"type": "integer"},`)
	if file, problem := c.release(t); file != "order-boxed.v1.2.json" || c.check(t) != "" {
		t.Fatalf("got %q, %q, %q", file, problem, c.check(t))
	}
	c.replace(t, boxed, `"slices"`, `"pieces"`)
	if _, problem := c.release(t); !strings.Contains(problem, "slices is gone") || !strings.Contains(problem, "releases: order-boxed.v1.3.json") {
		t.Errorf("got %q", problem)
	}
	if got := c.check(t); !strings.Contains(got, "slices is gone") {
		t.Errorf("check returned %q", got)
	}
	c.rfc(t, "accepted", "releases: order-boxed.v1.3.json")
	if file, problem := c.release(t); file != "order-boxed.v1.3.json" || c.check(t) != "" {
		t.Fatalf("got %q, %q, %q", file, problem, c.check(t))
	}
	// The RFC permitted one break only.
	c.replace(t, boxed, `"pieces"`, `"parts"`)
	if _, problem := c.release(t); !strings.Contains(problem, "pieces is gone") {
		t.Errorf("got %q", problem)
	}
	if got := c.check(t); !strings.Contains(got, "pieces is gone") {
		t.Errorf("check returned %q", got)
	}
}

func TestAnEventWithoutATypeIsNotReleased(t *testing.T) {
	t.Parallel()
	c := scratch(t)
	for _, name := range []string{"OrderEaten.v1", "OrderBoxed", "OrderBoxed.v9"} {
		if _, err := release(c.dir, name); err == nil || !strings.Contains(err.Error(), "is not in the catalogue") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := release(t.TempDir(), "OrderBoxed.v1"); err == nil || !strings.Contains(err.Error(), "in the top folder of the repository") {
		t.Errorf("got %v", err)
	}
}
