package event

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// rfcFiles has the RFCs, which say which versions are deprecated and until when they are published.
//
//go:embed rfc/*.md
var rfcFiles embed.FS

// RFC is the front matter of a Request for Comments. A breaking change of a contract needs one.
type RFC struct {
	// Number is the number in the file name: 0001.
	Number string
	// Title, Author and Event are its subject, its author and the event that changes (OrderConfirmed).
	Title, Author, Event string
	// Status is "accepted" when the RFC takes effect.
	Status string
	// Deprecates is the version that will be withdrawn: "OrderConfirmed v1".
	Deprecates string
	// DeprecationDate (2027-06-30) is the last day on which consumers may rely on that version.
	DeprecationDate string
	// Releases is the file in released/ that may break its predecessor: order-confirmed.v2.2.json.
	Releases string
	// Withdraws is the version whose schema and type may be removed: "OrderConfirmed v1".
	Withdraws string
}

// Accepted reports whether the RFC is accepted.
func (r RFC) Accepted() bool { return r.Status == "accepted" }

// ReadRFCs reads the RFCs in the folder rfc of fsys, ordered by number. Two RFCs with one number are an error.
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

// frontMatter returns the fields between the two lines "---" at the start of an RFC.
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

// ends returns the deprecation dates (2027-06-30) of the accepted RFCs, by version.
var ends = sync.OnceValue(func() map[string]string {
	ends := map[string]string{}
	rfcs, _ := ReadRFCs(rfcFiles) // a test reports errors in them
	for _, rfc := range rfcs {
		if rfc.Accepted() && rfc.Deprecates != "" {
			ends[rfc.Deprecates] = rfc.DeprecationDate
		}
	}
	return ends
})

// DeprecationDate is the date (2027-06-30) after which this version may be removed if it has no consumer. It is "" if no accepted
// RFC (rfc/) deprecates the version.
func (t Type) DeprecationDate() string { return ends()[t.String()] }
