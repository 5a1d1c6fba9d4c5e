package scenario

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"traceria/services/failure"
)

// Switches lists and changes the switches of the running system.
type Switches interface {
	// List returns every key with its setting.
	List(ctx context.Context) ([]failure.Status, error)
	// Set applies a setting. A nil setting is the default.
	Set(ctx context.Context, key failure.Key, setting *failure.Setting) error
}

// FileSwitches returns the switches in a flag file. They are for a program that must put them back while the console ends, such as
// the console itself.
func FileSwitches(file failure.File) Switches { return inFile{file} }

type inFile struct{ file failure.File }

var errByServer = errors.New("a flagd server has the flags (FLAGD_RESOLVER=rpc); read and change them there")

// List implements [Switches].
func (s inFile) List(context.Context) ([]failure.Status, error) {
	if failure.ByServer() {
		return nil, errByServer
	}
	return s.file.List()
}

// Set implements [Switches]. It refuses what would end a process that all services share.
func (s inFile) Set(ctx context.Context, key failure.Key, setting *failure.Setting) error {
	if failure.ByServer() {
		return errByServer
	}
	if setting == nil {
		return s.file.Clear(key)
	}
	entry, err := failure.Lookup(key)
	if err != nil {
		return err
	}
	variant, err := entry.Choose(setting.Variant)
	if err != nil {
		return err
	}
	if err := failure.FromContext(ctx).Refuse(entry, variant); err != nil {
		return err
	}
	_, err = s.file.Set(key, *setting)
	return err
}

// restore applies settings, and returns the keys that had another one.
func restore(ctx context.Context, s Switches, settings map[failure.Key]*failure.Setting) (changed []failure.Key, err error) {
	if len(settings) == 0 {
		return nil, nil
	}
	statuses, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, status := range statuses {
		setting, wanted := settings[status.Key]
		if !wanted || reflect.DeepEqual(status.Active, setting) {
			continue
		}
		changed = append(changed, status.Key)
		if err := s.Set(ctx, status.Key, setting); err != nil {
			wrong = append(wrong, fmt.Errorf("put %s back: %w", status.Key, err))
		}
	}
	return changed, errors.Join(wrong...)
}
