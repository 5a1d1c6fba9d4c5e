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

// errNoHistory is returned outside git and in a shallow clone.
var errNoHistory = errors.New("the history in git is not complete")

// forgotten compares the ledger in dir (services/event) with all its versions in git's history: a line must never be removed. This
// finds a change of a schema together with its released copy and its digest. Without the history it returns errNoHistory.
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
			continue // this commit removed the file
		}
		then, err := parseLedger(text)
		if err != nil {
			return nil, fmt.Errorf("commit %.12s: %w", commit, err)
		}
		for _, r := range then {
			if !slices.Contains(now, r) && !told[r] {
				told[r] = true
				problems = append(problems, fmt.Sprintf("%s: commit %.12s released %s (%.12s…), and that line is missing. A released schema is never changed or"+
					" removed: restore the line and the file from git. If the commit was never pushed, amend it. %s",
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
