package event

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// The RFCs say which versions are deprecated, and until when they are published at least.
//
//go:embed rfc/*.md
var rfcFiles embed.FS

// RFC is what the front matter of a Request for Comments says, without which no contract is broken.
type RFC struct {
	// Number is that of its file: 0001.
	Number string
	// Title, Author and Event say what it is about, who asks for it, and which event (OrderConfirmed) changes.
	Title, Author, Event string
	// Status is accepted, or else it changes nothing yet.
	Status string
	// Deprecates is a version that is to go: "OrderConfirmed v1".
	Deprecates string
	// DeprecationDate (2027-06-30) is until when those who rely on the old form can do so.
	DeprecationDate string
	// Releases is the file in released/ that may break the one before it: order-confirmed.v2.2.json.
	Releases string
	// Withdraws is a version whose schema and type may go: "OrderConfirmed v1".
	Withdraws string
}

// Accepted tells whether it was agreed upon.
func (r RFC) Accepted() bool { return r.Status == "accepted" }

// ReadRFCs reads the RFCs in the folder rfc of fsys, in the order of their numbers. Two of one number are an error: one could
// hide the other.
func ReadRFCs(fsys fs.FS) ([]RFC, error) {
	names, err := fs.Glob(fsys, "rfc/[0-9][0-9][0-9][0-9]-*.md")
	if err != nil {
		return nil, fmt.Errorf("list the RFCs: %w", err)
	}
	rfcs := make([]RFC, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read an RFC: %w", err)
		}
		says := frontMatter(string(text))
		number, _, _ := strings.Cut(path.Base(name), "-")
		if says["rfc"] != number {
			return nil, fmt.Errorf("%s: its front matter says rfc: %s, want %s", name, says["rfc"], number)
		}
		if n := len(rfcs); n > 0 && rfcs[n-1].Number == number {
			return nil, fmt.Errorf("%s: there is another RFC %s", name, number)
		}
		rfcs = append(rfcs, RFC{
			Number: number, Title: says["title"], Author: says["author"], Event: says["event"], Status: says["status"],
			Deprecates: says["deprecates"], DeprecationDate: says["deprecation-date"],
			Releases: says["releases"], Withdraws: says["withdraws"],
		})
	}
	return rfcs, nil
}

// frontMatter reads the fields between the two lines --- at the head of an RFC.
func frontMatter(text string) map[string]string {
	fields := map[string]string{}
	rest, headed := strings.CutPrefix(text, "---\n")
	head, _, ended := strings.Cut(rest, "\n---\n")
	if !headed || !ended {
		return fields
	}
	for line := range strings.Lines(head) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return fields
}

// ends are the deprecation dates (2027-06-30) that accepted RFCs give, by version.
var ends = sync.OnceValue(func() map[string]string {
	ends := map[string]string{}
	rfcs, _ := ReadRFCs(rfcFiles) // a test says what is wrong with them
	for _, rfc := range rfcs {
		if rfc.Accepted() && rfc.Deprecates != "" {
			ends[rfc.Deprecates] = rfc.DeprecationDate
		}
	}
	return ends
})

// DeprecationDate is the date (2027-06-30) after which this version may go when nobody takes it, or "" when no accepted RFC
// (rfc/) has announced its end.
func (t Type) DeprecationDate() string { return ends()[t.String()] }
