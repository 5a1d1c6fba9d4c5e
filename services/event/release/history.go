package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// errNoHistory says that git does not know, or not all of it, what was released before.
var errNoHistory = errors.New("the history is not here")

// forgotten compares the ledger in dir, which is services/event, with every form of it in git's history: a line that was in
// it once is in it for ever. That catches who changes a released schema, its copy and its digest together. In a shallow clone or
// outside git it is errNoHistory; then the digests alone are held.
func forgotten(ctx context.Context, dir string, now []revision) ([]string, error) {
	shallow, err := git(ctx, dir, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoHistory, err)
	}
	commits, err := git(ctx, dir, "log", "--full-history", "--format=%H", "HEAD", "--", ledgerFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoHistory, err)
	}
	if strings.TrimSpace(commits) == "" {
		return nil, fmt.Errorf("%w: no commit has %s", errNoHistory, ledgerFile)
	}
	var problems []string
	told := map[revision]bool{}
	for commit := range strings.FieldsSeq(commits) {
		text, err := git(ctx, dir, "show", commit+":./"+ledgerFile)
		if err != nil {
			continue // the commit that removed it; those before have it
		}
		then, err := parseLedger(text)
		if err != nil {
			return nil, fmt.Errorf("commit %.12s: %w", commit, err)
		}
		for _, r := range then {
			if !slices.Contains(now, r) && !told[r] {
				told[r] = true
				problems = append(problems, fmt.Sprintf("%s: commit %.12s released %s (%.12s…), and that line is not there any more. What was released never changes and"+
					" never goes: take the line and the file back from git. If it never left your branch, amend the commit. %s",
					ledgerFile, commit, r.file(), r.digest, howToBreak(next(r))))
			}
		}
	}
	if len(problems) == 0 && strings.TrimSpace(shallow) == "true" {
		return nil, fmt.Errorf("%w: this is a shallow clone (git fetch --unshallow)", errNoHistory)
	}
	return problems, nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(out), nil
}
