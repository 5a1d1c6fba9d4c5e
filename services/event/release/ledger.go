package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"traceria/services/event"
)

// ledgerFile has the digest of each released schema in the format of sha256sum. A line is never removed.
const ledgerFile = "released/DIGESTS"

// revision is a released schema: the first of its version, or a later one that adds to it.
type revision struct {
	digest  string
	event   string // in kebab case
	version string
	number  int // from 1
}

// file returns the file name in released/: order-confirmed.v2.json, order-confirmed.v2.2.json, ….
func (r revision) file() string {
	if r.number == 1 {
		return r.contract() + ".json"
	}
	return fmt.Sprintf("%s.%d.json", r.contract(), r.number)
}

// contract returns the event and version of the revision: order-confirmed.v2.
func (r revision) contract() string { return r.event + "." + r.version }

var ledgerLine = regexp.MustCompile(`^([0-9a-f]{64})  ([a-z0-9-]+)\.(v[1-9][0-9]*)(?:\.([2-9]|[1-9][0-9]+))?\.json$`)

// readLedger reads the digests of the released schemas.
func readLedger(fsys fs.FS) ([]revision, error) {
	text, err := fs.ReadFile(fsys, ledgerFile)
	if err != nil {
		return nil, fmt.Errorf("read the released digests: %w", err)
	}
	return parseLedger(string(text))
}

func parseLedger(text string) ([]revision, error) {
	var all []revision
	for line := range strings.Lines(text) {
		found := ledgerLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil {
			return nil, fmt.Errorf("%s: cannot read the line %q: want SHA256, two spaces, and a file name such as order-confirmed.v2.json", ledgerFile, line)
		}
		r := revision{digest: found[1], event: found[2], version: found[3], number: 1}
		if found[4] != "" {
			r.number, _ = strconv.Atoi(found[4])
		}
		if slices.ContainsFunc(all, func(other revision) bool { return other.file() == r.file() }) {
			return nil, fmt.Errorf("%s: %s is listed twice", ledgerFile, r.file())
		}
		all = append(all, r)
	}
	return all, nil
}

// writeLedger returns the text of the ledger, sorted by file name.
func writeLedger(all []revision) string {
	lines := make([]string, len(all))
	for i, r := range slices.SortedFunc(slices.Values(all), func(a, b revision) int { return strings.Compare(a.file(), b.file()) }) {
		lines[i] = r.digest + "  " + r.file() + "\n"
	}
	return strings.Join(lines, "")
}

// revisionsOf returns the revisions of one contract, ordered by number.
func revisionsOf(all []revision, contract string) []revision {
	var its []revision
	for _, r := range all {
		if r.contract() == contract {
			its = append(its, r)
		}
	}
	slices.SortFunc(its, func(a, b revision) int { return a.number - b.number })
	return its
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// contractOf returns the contract of a type: order-confirmed.v2.
func contractOf(t event.Type) string { return t.Kebab() + "." + t.Version }

// releasedFile reads a released schema.
func releasedFile(fsys fs.FS, r revision) ([]byte, error) {
	return fs.ReadFile(fsys, path.Join("released", r.file()))
}
