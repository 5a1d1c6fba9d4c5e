// Release releases the current schema of an event version: it copies the schema to services/event/released and records its
// digest. From then on a test refuses breaking changes.
//
//	go run ./services/event/release OrderConfirmed.v2
//
// If the version is already released, it gets a further revision, which may add optional fields. A revision that breaks its
// predecessor needs an accepted RFC that names its file.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"traceria/services/event"
)

func main() {
	dir := flag.String("dir", filepath.Join("services", "event"), "the folder of the contracts")
	flag.Usage = func() {
		_, _ = fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./services/event/release [-dir services/event] EVENT.VERSION, such as OrderConfirmed.v2")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	file, err := release(*dir, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
	fmt.Printf("%s is released\n", filepath.Join(*dir, "released", file))
}

// release releases an event version (OrderConfirmed.v2) of the contracts in dir and returns the name of the file in released/.
func release(dir, name string) (string, error) {
	title, version, _ := strings.Cut(name, ".")
	t, err := event.Lookup(title, version)
	if err != nil {
		return "", fmt.Errorf("%w: add it to type.go first", err)
	}
	fsys := os.DirFS(dir)
	ledger, err := readLedger(fsys)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w\nrun it in the top folder of the repository, or set -dir", err)
	}
	if err != nil {
		return "", err
	}
	rfcs, err := event.ReadRFCs(fsys)
	if err != nil {
		return "", err
	}
	text, err := fs.ReadFile(fsys, "schema/"+contractOf(t)+".json")
	if err != nil {
		return "", fmt.Errorf("read the schema: %w", err)
	}
	r := revision{digest: digest(text), event: t.Kebab(), version: t.Version, number: 1}
	if its := revisionsOf(ledger, contractOf(t)); len(its) > 0 {
		last := its[len(its)-1]
		if last.digest == r.digest {
			return "", fmt.Errorf("%s is already released: released/%s", t, last.file())
		}
		r.number = last.number + 1
		c := checker{fsys: fsys, rfcs: rfcs}
		broken, err := c.between(last, "schema/"+contractOf(t)+".json")
		if err != nil {
			return "", err
		}
		if len(broken) > 0 && !c.allowed(r) {
			return "", fmt.Errorf("%s breaks released/%s:\n  %s\n%s", t, last.file(), strings.Join(broken, "\n  "), howToBreak(r))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "released", r.file()), text, 0o644); err != nil {
		return "", fmt.Errorf("write the released schema: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ledgerFile), []byte(writeLedger(append(ledger, r))), 0o644); err != nil {
		return "", fmt.Errorf("write the released digests: %w", err)
	}
	return r.file(), nil
}
