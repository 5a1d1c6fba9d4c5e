package failure

import (
	"bytes"
	"context"
	"time"

	"github.com/open-feature/flagd/core/pkg/sync"
)

// lookEvery is the polling interval of the file. A watch would end for good when an editor renames the file, and file
// events do not cross every container mount. Five reads of 30 KB per second are cheap.
const lookEvery = 200 * time.Millisecond

// follower gives the provider the content of the file. An unusable or missing file changes nothing. It implements
// sync.ISync of flagd.
type follower struct {
	file File
	// report receives each new fault of the file, and nil when the file is usable again.
	report func(error)
}

var _ sync.ISync = (*follower)(nil)

// Init implements sync.ISync.
func (*follower) Init(context.Context) error { return nil }

// IsReady implements sync.ISync.
func (*follower) IsReady() bool { return true }

// ReSync implements sync.ISync.
func (f *follower) ReSync(ctx context.Context, out chan<- sync.DataSync) error {
	text, err := f.good(nil)
	if err != nil {
		return err
	}
	return f.send(ctx, out, text)
}

// Sync implements sync.ISync. It follows the file until ctx ends. If the file is unusable at the start, everything is
// off.
func (f *follower) Sync(ctx context.Context, out chan<- sync.DataSync) error {
	var sent []byte
	wrong := ""
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		text, err := f.good(sent)
		if err != nil && err.Error() != wrong {
			wrong = err.Error()
			f.report(err)
		}
		if err == nil && wrong != "" {
			wrong = ""
			f.report(nil)
		}
		if err != nil && sent == nil {
			text = newDocument().bytes()
		}
		if text != nil && !bytes.Equal(text, sent) {
			if err := f.send(ctx, out, text); err != nil {
				return nil // ctx has ended
			}
			sent = text
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// good reads the file and checks it, unless it is still the text that was checked before.
func (f *follower) good(known []byte) ([]byte, error) {
	text, err := f.file.read()
	if err != nil { // text has what was read before the error
		return nil, err
	}
	if known != nil && bytes.Equal(text, known) {
		return text, nil
	}
	if _, err := parse(text); err != nil {
		return nil, err
	}
	return text, nil
}

func (f *follower) send(ctx context.Context, out chan<- sync.DataSync, text []byte) error {
	select {
	case out <- sync.DataSync{FlagData: string(text), Source: f.file.Path, Type: sync.ALL}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
