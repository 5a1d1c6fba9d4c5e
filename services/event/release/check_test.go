package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
)

var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// TestNoReleasedSchemaIsBrokenWithoutAnRFC checks the contracts in CI.
func TestNoReleasedSchemaIsBrokenWithoutAnRFC(t *testing.T) {
	t.Parallel()
	problems, err := check(os.DirFS(".."), event.Catalogue, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Error(problem)
	}
}

// contracts is a copy of services/event that a test may change.
type contracts struct {
	dir       string
	catalogue []event.Type
	today     time.Time
}

func scratch(t *testing.T) *contracts {
	t.Helper()
	c := &contracts{dir: t.TempDir(), catalogue: event.Catalogue, today: today}
	for _, folder := range []string{"schema", "released", "rfc"} {
		if err := os.CopyFS(filepath.Join(c.dir, folder), os.DirFS(filepath.Join("..", folder))); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *contracts) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (c *contracts) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *contracts) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(c.dir, name)); err != nil {
		t.Fatal(err)
	}
}

func (c *contracts) replace(t *testing.T, name, old, now string) {
	t.Helper()
	text := c.read(t, name)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %s", name, old)
	}
	c.write(t, name, strings.ReplaceAll(text, old, now))
}

// sum records the current digest of a released file, to bypass the check.
func (c *contracts) sum(t *testing.T, file string) {
	t.Helper()
	ledger, err := readLedger(os.DirFS(c.dir))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ledger, func(r revision) bool { return r.file() == file })
	ledger[i].digest = digest([]byte(c.read(t, "released/"+file)))
	c.write(t, ledgerFile, writeLedger(ledger))
}

// forget removes an event from the catalogue, the schemas, the copies and, if digests is set, the digests.
func (c *contracts) forget(t *testing.T, typ event.Type, digests bool) {
	t.Helper()
	c.catalogue = slices.DeleteFunc(slices.Clone(c.catalogue), func(other event.Type) bool { return other == typ })
	c.remove(t, "schema/"+contractOf(typ)+".json")
	c.remove(t, "released/"+contractOf(typ)+".json")
	if digests {
		ledger, err := readLedger(os.DirFS(c.dir))
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, ledgerFile, writeLedger(slices.DeleteFunc(ledger, func(r revision) bool { return r.contract() == contractOf(typ) })))
	}
}

func (c *contracts) rfc(t *testing.T, status, more string) {
	t.Helper()
	c.write(t, "rfc/0007-a-change.md", "---\nrfc: 0007\ntitle: A change\nevent: OrderBoxed\nstatus: "+status+"\nauthor: kitchen\n"+more+"\n---\n# RFC 0007\n")
}

func (c *contracts) check(t *testing.T) string {
	t.Helper()
	problems, err := check(os.DirFS(c.dir), c.catalogue, c.today)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(problems, "\n")
}

const (
	boxed         = "schema/order-boxed.v1.json"
	boxedReleased = "released/order-boxed.v1.json"
)

// Each case tries to bypass the check. The message says what to do instead.
func TestTheCheckCannotBeBypassed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, c *contracts)
		want  []string
	}{
		"a field renamed in the schema": {func(t *testing.T, c *contracts) {
			c.replace(t, boxed, `"orderId"`, `"order"`)
		}, []string{"orderId is gone", "order is required now", "services/event/rfc/NNNN-*.md", "event: OrderBoxed", "releases: order-boxed.v1.2.json"}},
		"and in the released copy": {func(t *testing.T, c *contracts) {
			c.replace(t, boxed, `"orderId"`, `"order"`)
			c.replace(t, boxedReleased, `"orderId"`, `"order"`)
		}, []string{"released/order-boxed.v1.json was changed after its release", "services/event/rfc/NNNN-*.md", "event: OrderBoxed", "releases: order-boxed.v1.2.json"}},
		"schema, copy and type deleted": {func(t *testing.T, c *contracts) {
			c.forget(t, event.OrderBoxedV1, false)
		}, []string{"released/order-boxed.v1.json is gone", "schema/order-boxed.v1.json is gone", "withdraws: OrderBoxed v1"}},
		"the type deleted": {func(_ *testing.T, c *contracts) {
			c.catalogue = c.catalogue[1:]
		}, []string{"order-created.v1 was released, and its type is no longer in the catalogue"}},
		"the released copy deleted": {func(t *testing.T, c *contracts) {
			c.remove(t, boxedReleased)
		}, []string{"released/order-boxed.v1.json is gone"}},
		"the digest of a copy deleted": {func(t *testing.T, c *contracts) {
			c.write(t, ledgerFile, strings.SplitAfterN(c.read(t, ledgerFile), "\n", 2)[1])
		}, []string{"released/delivery-notification-sent.v1.json is not in released/DIGESTS"}},
		"an RFC that is not accepted": {func(t *testing.T, c *contracts) {
			c.replace(t, boxed, `"orderId"`, `"order"`)
			c.rfc(t, "proposed", "releases: order-boxed.v1.2.json")
			c.write(t, "released/order-boxed.v1.2.json", c.read(t, boxed))
			c.write(t, ledgerFile, c.read(t, ledgerFile)+digest([]byte(c.read(t, boxed)))+"  order-boxed.v1.2.json\n")
		}, []string{"released/order-boxed.v1.2.json breaks order-boxed.v1.json"}},
		"an RFC, and no release": {func(t *testing.T, c *contracts) {
			c.replace(t, boxed, `"orderId"`, `"order"`)
			c.rfc(t, "accepted", "releases: order-boxed.v1.2.json")
		}, []string{"schema/order-boxed.v1.json breaks the released schema", "go run ./services/event/release OrderBoxed.v1"}},
		"an RFC about another event": {func(t *testing.T, c *contracts) {
			c.replace(t, "schema/order-preparing.v1.json", `"orderId"`, `"order"`)
			c.rfc(t, "accepted", "releases: order-preparing.v1.2.json")
			text := c.read(t, "schema/order-preparing.v1.json")
			c.write(t, "released/order-preparing.v1.2.json", text)
			c.write(t, ledgerFile, c.read(t, ledgerFile)+digest([]byte(text))+"  order-preparing.v1.2.json\n")
		}, []string{"released/order-preparing.v1.2.json breaks order-preparing.v1.json"}},
		"a revision that hides the one before": {func(t *testing.T, c *contracts) {
			text := strings.ReplaceAll(c.read(t, boxed), `"orderId"`, `"order"`)
			c.write(t, boxed, text)
			c.remove(t, boxedReleased)
			c.write(t, "released/order-boxed.v1.2.json", text)
			c.replace(t, ledgerFile, "order-boxed.v1.json", "order-boxed.v1.2.json")
			c.sum(t, "order-boxed.v1.2.json")
		}, []string{"revision 1 of order-boxed.v1 is missing"}},
		"a version withdrawn before its date": {func(t *testing.T, c *contracts) {
			c.catalogue = slices.DeleteFunc(slices.Clone(c.catalogue), func(typ event.Type) bool { return typ == event.OrderBoxedV1 })
			c.remove(t, boxed)
			c.rfc(t, "accepted", "withdraws: OrderBoxed v1\ndeprecation-date: 2026-11-30")
		}, []string{"schema/order-boxed.v1.json is gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := scratch(t)
			c.spoil(t, changed)
			got := changed.check(t)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
		})
	}
}

func TestWhatIsAllowedPasses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, c *contracts){
		"nothing": func(*testing.T, *contracts) {},
		"an optional field": func(t *testing.T, c *contracts) {
			c.replace(t, boxed, `"properties": {`, `"properties": {"slices": {"type": "integer"},`)
		},
		"an unreleased schema": func(t *testing.T, c *contracts) {
			c.write(t, "schema/order-eaten.v1.json", `{"type":"object"}`)
		},
		"a version withdrawn after its date": func(t *testing.T, c *contracts) {
			c.catalogue = slices.DeleteFunc(slices.Clone(c.catalogue), func(typ event.Type) bool { return typ == event.OrderBoxedV1 })
			c.remove(t, boxed)
			c.rfc(t, "accepted", "withdraws: OrderBoxed v1\ndeprecation-date: 2026-11-22")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := scratch(t)
			change(t, changed)
			if got := changed.check(t); got != "" {
				t.Error(got)
			}
		})
	}
}

func TestALedgerThatCannotBeReadIsNoLedger(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("0", 64) + "  order-boxed.v1.json\n"
	for _, text := range []string{"# nothing\n", line + line, strings.ToUpper(line), strings.Replace(line, "v1", "v1.1", 1), line + "\n"} {
		if all, err := parseLedger(text); err == nil {
			t.Errorf("%q is read as %v", text, all)
		}
	}
}
