package event

import (
	"embed"
	"io/fs"
	"strings"
	"sync"
)

// The RFCs say which versions are deprecated, and until when they are published at least.
//
//go:embed rfc/*.md
var rfcFiles embed.FS

// ends are the deprecation dates (2027-06-30) that accepted RFCs give, by version.
var ends = sync.OnceValue(func() map[string]string {
	ends := map[string]string{}
	names, _ := fs.Glob(rfcFiles, "rfc/[0-9]*.md")
	for _, name := range names {
		text, err := rfcFiles.ReadFile(name)
		if err != nil {
			continue // it is embedded
		}
		if rfc := frontMatter(string(text)); rfc["status"] == "accepted" && rfc["deprecates"] != "" {
			ends[rfc["deprecates"]] = rfc["deprecation-date"]
		}
	}
	return ends
})

// DeprecationDate is the date (2027-06-30) after which this version may go when nobody takes it, or "" when no accepted RFC
// (rfc/) has announced its end.
func (t Type) DeprecationDate() string { return ends()[t.String()] }

// frontMatter reads the fields between the two lines --- at the head of an RFC.
func frontMatter(text string) map[string]string {
	fields := map[string]string{}
	_, rest, _ := strings.Cut(text, "---\n")
	head, _, _ := strings.Cut(rest, "\n---")
	for line := range strings.Lines(head) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return fields
}
