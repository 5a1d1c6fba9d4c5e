// Package atomicfile replaces the content of a file at once, so that a reader sees the old content or the new one.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// maxLinks is the number of symbolic links that are followed, as in Linux.
const maxLinks = 40

// Target returns the absolute path of the file that path leads to through symbolic links. The file need not exist. A folder
// and a circle of links are errors.
func Target(path string) (string, error) {
	target, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		// A link in the path of the folder changes the meaning of .. in a link.
		if folder, err := filepath.EvalSymlinks(filepath.Dir(target)); err == nil {
			target = filepath.Join(folder, filepath.Base(target))
		}
		info, err := os.Lstat(target)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return target, nil
		case err != nil:
			return "", err
		case info.Mode().IsRegular():
			return target, nil
		case info.Mode()&fs.ModeSymlink == 0:
			return "", fmt.Errorf("%s is no file: want a file or a symbolic link to one", target)
		}
		next, err := os.Readlink(target)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(target), next)
		}
		target = next
	}
	return "", fmt.Errorf("%s is a circle of symbolic links, or more than %d of them", path, maxLinks)
}

// Write replaces the content of the file that path leads to. A new file gets the mode. An old one keeps its mode, and its
// owner as far as this user may set it.
func Write(path string, content []byte, mode fs.FileMode) error {
	target, err := Target(path)
	if err != nil {
		return err
	}
	old, err := os.Stat(target)
	if err == nil {
		mode = old.Mode().Perm()
	}
	file, err := renameio.NewPendingFile(target, renameio.WithPermissions(mode), renameio.IgnoreUmask())
	if err != nil {
		return err
	}
	defer func() { _ = file.Cleanup() }()
	if old != nil {
		keepOwner(file.File, old)
	}
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}
