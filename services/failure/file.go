package failure

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is the flag file at a path. Several processes may change it at a time; none loses what another one wrote.
type File struct{ Path string }

// Create makes the file with every key of the catalogue and nothing switched on, unless there is one.
func (f File) Create() error {
	_, err := os.Stat(f.Path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.change(func(document) error { return nil })
}

// List is every key of the catalogue and what it is set to. The error wraps [ErrFile] when the file is broken.
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

// Set sets a key, and returns what it is set to then. The error wraps [ErrUnknownKey], [ErrUnknownVariant], [ErrTarget] or
// [ErrFile]; then nothing is changed.
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

// Clear sets the keys back to their defaults, all of the catalogue when none is named.
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

// load reads the file; one that does not exist has nothing switched on.
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
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, longestFile+1))
}

// change reads the file, changes it and puts it in its place in one step, so that nobody reads half of it. The lock is on
// a file beside it: the file itself is another one after every change.
func (f File) change(do func(document) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	unlock, err := lock(f.Path + ".lock")
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
	if err := f.replace(d.bytes()); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	return nil
}

func (f File) replace(text []byte) error {
	next, err := os.CreateTemp(filepath.Dir(f.Path), ".flags-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(next.Name()) }() // it is not there any more when all went well
	_, err = next.Write(text)
	// Services run as other users than the one who sets a failure.
	if err = errors.Join(err, next.Chmod(0o644), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), f.Path)
}
