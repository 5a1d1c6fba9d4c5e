package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"traceria/services/event"
)

// check compares the contracts in fsys (services/event) and the catalogue of the code with the released schemas. It returns the
// problems. Each problem says how to solve it.
//
//  1. A released file never changes and is never removed: its digest is that of the ledger.
//  2. A revision may add to its predecessor. It may break it only if an accepted RFC names its file (releases).
//  3. The current schema keeps the promises of the last revision.
//  4. A version may be removed after its deprecation date if an accepted RFC withdraws it.
func check(fsys fs.FS, catalogue []event.Type, today time.Time) ([]string, error) {
	ledger, err := readLedger(fsys)
	if err != nil {
		return nil, err
	}
	rfcs, err := event.ReadRFCs(fsys)
	if err != nil {
		return nil, err
	}
	c := checker{fsys: fsys, ledger: ledger, rfcs: rfcs, catalogue: catalogue, today: today}
	if err := errors.Join(c.files(), c.revisions()); err != nil {
		return nil, err
	}
	return c.problems, nil
}

type checker struct {
	fsys      fs.FS
	ledger    []revision
	rfcs      []event.RFC
	catalogue []event.Type
	today     time.Time
	problems  []string
}

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// files compares the released files with the ledger.
func (c *checker) files() error {
	for _, r := range c.ledger {
		text, err := releasedFile(c.fsys, r)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.say("released/%s is gone. A released file is never removed: restore it from git. %s", r.file(), howToWithdraw(r))
		case err != nil:
			return fmt.Errorf("read a released schema: %w", err)
		case digest(text) != r.digest:
			c.say("released/%s was changed after its release (its digest in %s differs). A released file never changes: restore it from git."+
				" To change the event, change schema/%s.json. %s", r.file(), ledgerFile, r.contract(), howToBreak(next(r)))
		}
	}
	names, err := fs.Glob(c.fsys, "released/*.json")
	if err != nil {
		return fmt.Errorf("list the released schemas: %w", err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(c.ledger, func(r revision) bool { return r.file() == path.Base(name) }) {
			c.say("%s is not in %s. Remove the file and release the schema with `go run ./services/event/release EVENT.VERSION`", name, ledgerFile)
		}
	}
	return nil
}

// revisions compares each revision with its predecessor, and the current schema with the last revision.
func (c *checker) revisions() error {
	seen := map[string]bool{}
	for _, r := range c.ledger {
		if seen[r.contract()] {
			continue
		}
		seen[r.contract()] = true
		its := revisionsOf(c.ledger, r.contract())
		for i, later := range its {
			if later.number != i+1 {
				c.say("%s: revision %d of %s is missing. A released schema is never removed: restore its line and its file from git", ledgerFile, i+1, r.contract())
			}
			if i == 0 {
				continue
			}
			broken, err := c.between(its[i-1], "released/"+later.file())
			if err != nil {
				return err
			}
			if len(broken) > 0 && !c.allowed(later) {
				c.say("released/%s breaks %s:\n  %s\n%s", later.file(), its[i-1].file(), strings.Join(broken, "\n  "), howToBreak(later))
			}
		}
		if err := c.current(its[len(its)-1]); err != nil {
			return err
		}
	}
	return nil
}

// between returns how the schema in the file name breaks a revision. It returns nothing if a file cannot be read, which
// [checker.files] reports.
func (c *checker) between(r revision, name string) ([]string, error) {
	before, err := releasedFile(c.fsys, r)
	if err != nil {
		return nil, nil //nolint:nilerr // files() reports it
	}
	after, err := fs.ReadFile(c.fsys, name)
	if err != nil {
		return nil, nil //nolint:nilerr // files() reports it
	}
	return breaks(before, after)
}

// current compares the current schema and the catalogue with the last revision.
func (c *checker) current(last revision) error {
	name := "schema/" + last.contract() + ".json"
	_, err := fs.Stat(c.fsys, name)
	gone := errors.Is(err, fs.ErrNotExist)
	unknown := !slices.ContainsFunc(c.catalogue, func(t event.Type) bool { return contractOf(t) == last.contract() })
	if gone || unknown {
		if !c.withdrawn(last) {
			what := "its type is no longer in the catalogue (type.go)"
			if gone {
				what = name + " is gone"
			}
			c.say("%s was released, and %s. Consumers depend on it: restore it. %s", last.contract(), what, howToWithdraw(last))
		}
		return nil
	}
	broken, err := c.between(last, name)
	if err == nil && len(broken) > 0 {
		c.say("%s breaks the released schema (released/%s):\n  %s\nConsumers depend on it. %s", name, last.file(), strings.Join(broken, "\n  "), howToBreak(next(last)))
	}
	return err
}

func next(r revision) revision {
	r.number++
	return r
}

// allowed reports whether an accepted RFC permits a revision to break its predecessor.
func (c *checker) allowed(r revision) bool {
	return slices.ContainsFunc(c.rfcs, func(rfc event.RFC) bool {
		return rfc.Accepted() && rfc.Releases == r.file() && event.Type{Name: rfc.Event}.Kebab() == r.event
	})
}

// withdrawn reports whether an accepted RFC withdraws a version and its deprecation date has passed.
func (c *checker) withdrawn(r revision) bool {
	return slices.ContainsFunc(c.rfcs, func(rfc event.RFC) bool {
		ends, err := time.Parse(time.DateOnly, rfc.DeprecationDate)
		return rfc.Accepted() && rfc.Withdraws == rfc.Event+" "+r.version && event.Type{Name: rfc.Event}.Kebab() == r.event &&
			err == nil && c.today.After(ends)
	})
}

func howToBreak(r revision) string {
	return fmt.Sprintf("Revert the change, or publish it as a new version beside this one (a schema, a type; README.md)."+
		" If this version must change: write services/event/rfc/NNNN-*.md with the author, the reason, the last day of the old form, and `event: %s` and"+
		" `releases: %s` in its front matter. When it is accepted, run `go run ./services/event/release %s.%s`",
		camel(r.event), r.file(), camel(r.event), r.version)
}

func howToWithdraw(r revision) string {
	return fmt.Sprintf("To withdraw a version: write services/event/rfc/NNNN-*.md with the author, the reason, `event: %s`, `withdraws: %s %s` and"+
		" `deprecation-date`. When it is accepted and the date has passed, remove schema and type; the released copy stays", camel(r.event), camel(r.event), r.version)
}

// camel converts order-confirmed to OrderConfirmed.
func camel(kebab string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(kebab, "-") {
		b.WriteString(strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):])
	}
	return b.String()
}
