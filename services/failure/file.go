package failure

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"traceria/services/atomicfile"
)

// File is a flag file. Several processes may change it concurrently without losing a change.
type File struct{ Path string }

// Create writes a file with every key at its default, unless the file exists.
func (f File) Create() error {
	_, err := os.Stat(f.Path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.change(func(document) error { return nil })
}

// List returns every key of the catalogue with its setting. The error wraps [ErrFile].
func (f File) List() ([]Status, error) {
	d, err := f.load()
	if err != nil {
		return nil, err
	}
	all := make([]Status, len(catalogue))
	for i, entry := range catalogue {
		all[i] = entry.Status(d.flags[entry.Key].active(entry))
	}
	return all, nil
}

// Set changes a key and returns its new status. The error wraps [ErrUnknownKey], [ErrUnknownVariant], [ErrTarget] or
// [ErrFile]. A failed Set changes nothing.
func (f File) Set(key Key, s Setting) (Status, error) {
	entry, err := Lookup(key)
	if err != nil {
		return Status{}, err
	}
	if s, err = s.check(entry); err != nil {
		return Status{}, err
	}
	err = f.change(func(d document) error {
		if d.flags[key] == nil {
			d.flags[key] = newFlag(entry)
		}
		d.flags[key].apply(entry, s)
		return nil
	})
	if s.Variant == entry.Default() {
		return entry.Status(nil), err
	}
	return entry.Status(&s), err
}

// Clear resets the keys to their defaults. Without arguments it resets the whole catalogue.
func (f File) Clear(keys ...Key) error {
	if len(keys) == 0 {
		for _, entry := range catalogue {
			keys = append(keys, entry.Key)
		}
	}
	for _, key := range keys {
		if _, err := Lookup(key); err != nil {
			return err
		}
	}
	return f.change(func(d document) error {
		for _, key := range keys {
			if d.flags[key] != nil {
				d.flags[key].apply(byKey[key], Setting{Variant: byKey[key].Default()})
			}
		}
		return nil
	})
}

// load reads the file. A missing file has every key at its default.
func (f File) load() (document, error) {
	text, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return newDocument(), nil
	}
	if err != nil {
		return document{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	d, err := parse(text)
	if err != nil {
		return document{}, fmt.Errorf("%s: %w", f.Path, err)
	}
	return d, nil
}

func (f File) read() ([]byte, error) {
	info, err := os.Stat(f.Path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would be waited for without end
		return nil, fmt.Errorf("%s is no file: want a file or a symbolic link to one", f.Path)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, longestFile+1))
}

// change rewrites the file atomically under a lock. The lock is on a second file, because each change replaces the
// first. A symbolic link stays, and the file behind it is written.
func (f File) change(do func(document) error) error {
	target, err := atomicfile.Target(f.Path) // so that a link and its file have one lock
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	unlock, err := lock(target + ".lock")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	defer unlock()
	d, err := f.load()
	if err != nil {
		return err
	}
	if err := do(d); err != nil {
		return err
	}
	// Services run as other users than the command line: all may read the file.
	if err := atomicfile.Write(target, d.bytes(), 0o644); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	return nil
}
