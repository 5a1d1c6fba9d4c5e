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

// check holds the contracts in fsys, which is services/event, against what was released, and returns what is wrong and what
// to do about each. The catalogue is that of the code.
//
//  1. What is released never changes and never goes: each file in released/ has the digest that the ledger says.
//  2. A revision may add to the one before it, and breaks it only when an accepted RFC names its file (releases).
//  3. The schema of today keeps what the last revision promises.
//  4. A version goes when an accepted RFC withdraws it, after its deprecation date.
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

// files holds the files against the ledger.
func (c *checker) files() error {
	for _, r := range c.ledger {
		text, err := releasedFile(c.fsys, r)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.say("released/%s is gone. What was released stays: take it back from git. %s", r.file(), howToWithdraw(r))
		case err != nil:
			return fmt.Errorf("read a released schema: %w", err)
		case digest(text) != r.digest:
			c.say("released/%s is not what was released (its digest in %s differs). What was released never changes: take it back from git."+
				" To change the event, change schema/%s.json. %s", r.file(), ledgerFile, r.contract(), howToBreak(next(r)))
		}
	}
	names, err := fs.Glob(c.fsys, "released/*.json")
	if err != nil {
		return fmt.Errorf("list the released schemas: %w", err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(c.ledger, func(r revision) bool { return r.file() == path.Base(name) }) {
			c.say("%s is not in %s. Only `go run ./services/event/release EVENT.VERSION` releases a schema: remove the file, and use that", name, ledgerFile)
		}
	}
	return nil
}

// revisions holds each revision against the one before it, and today's schema against the last.
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
				c.say("%s: revision %d of %s is missing. What was released stays: take its line and its file back from git", ledgerFile, i+1, r.contract())
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

// between says how a schema breaks a revision. One that cannot be read was spoken of before.
func (c *checker) between(r revision, name string) ([]string, error) {
	before, err := releasedFile(c.fsys, r)
	if err != nil {
		return nil, nil //nolint:nilerr // files() says it
	}
	after, err := fs.ReadFile(c.fsys, name)
	if err != nil {
		return nil, nil //nolint:nilerr // files() says it
	}
	return breaks(before, after)
}

// current holds today's schema, and the code, against the last revision.
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
			c.say("%s was released, and %s. Consumers rely on it: take it back. %s", last.contract(), what, howToWithdraw(last))
		}
		return nil
	}
	broken, err := c.between(last, name)
	if err == nil && len(broken) > 0 {
		c.say("%s breaks what was released (released/%s):\n  %s\nConsumers rely on it. %s", name, last.file(), strings.Join(broken, "\n  "), howToBreak(next(last)))
	}
	return err
}

func next(r revision) revision {
	r.number++
	return r
}

// allowed tells whether an accepted RFC lets a revision break the one before it.
func (c *checker) allowed(r revision) bool {
	return slices.ContainsFunc(c.rfcs, func(rfc event.RFC) bool {
		return rfc.Accepted() && rfc.Releases == r.file() && event.Type{Name: rfc.Event}.Kebab() == r.event
	})
}

// withdrawn tells whether an accepted RFC lets a version go, and its time has come.
func (c *checker) withdrawn(r revision) bool {
	return slices.ContainsFunc(c.rfcs, func(rfc event.RFC) bool {
		ends, err := time.Parse(time.DateOnly, rfc.DeprecationDate)
		return rfc.Accepted() && rfc.Withdraws == rfc.Event+" "+r.version && event.Type{Name: rfc.Event}.Kebab() == r.event &&
			err == nil && c.today.After(ends)
	})
}

func howToBreak(r revision) string {
	return fmt.Sprintf("Either take the change back, or publish it as a new version beside this one (a schema, a type; README.md)."+
		" If it must be this version: write services/event/rfc/NNNN-*.md, which says who and why and until when the old form is kept, with `event: %s` and"+
		" `releases: %s` in its front matter; when it is accepted, run `go run ./services/event/release %s.%s`",
		camel(r.event), r.file(), camel(r.event), r.version)
}

func howToWithdraw(r revision) string {
	return fmt.Sprintf("To let a version go: write services/event/rfc/NNNN-*.md, which says who and why, with `event: %s`, `withdraws: %s %s` and its"+
		" `deprecation-date`. When it is accepted and the date is past, schema and type may go; the released copy stays", camel(r.event), camel(r.event), r.version)
}

// camel is the event's name in the code: OrderConfirmed for order-confirmed.
func camel(kebab string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(kebab, "-") {
		b.WriteString(strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):])
	}
	return b.String()
}
