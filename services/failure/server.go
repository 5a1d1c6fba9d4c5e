package failure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	flagd "github.com/open-feature/go-sdk-contrib/providers/flagd/pkg"
	"github.com/open-feature/go-sdk/openfeature"
)

// ByServer reports whether a flagd server has the flags (FLAGD_RESOLVER=rpc). The file is not read then.
func ByServer() bool { return strings.EqualFold(os.Getenv("FLAGD_RESOLVER"), "rpc") }

const (
	// lookForServer is the pause between attempts to reach an unavailable flagd server.
	lookForServer = 500 * time.Millisecond
	// askTime limits an evaluation by the server. After a timeout no evaluation asks it for leaveAlone, so a frozen
	// server does not block its callers.
	askTime    = 250 * time.Millisecond
	leaveAlone = time.Second
)

// server is a flagd server that switches follow. Its address is in FLAGD_HOST, FLAGD_PORT, FLAGD_SOCKET_PATH and so on.
type server struct {
	domain   string
	lost     chan struct{} // receives when the provider has given up
	there    atomic.Bool
	silent   atomic.Int64 // end of the pause, in Unix nanoseconds
	provider openfeature.StateHandler
}

// errServerAway is the problem while the server is unavailable.
var errServerAway = errors.New("the flagd server does not answer: everything is off")

// follow follows the server until ctx ends. The provider gives up for good when the server is unavailable at its start,
// and about three seconds after a lost connection. follow then replaces it.
func (f *server) follow(ctx context.Context, s *Switches) {
	for wait := time.NewTicker(lookForServer); ; {
		if err := f.connect(ctx); err == nil {
			s.forget()
			f.there.Store(true)
			if s.broken.Swap(nil) != nil {
				s.options.Log.Info().Msg("the flagd server is available")
			}
			select {
			case <-f.lost:
			case <-ctx.Done():
			}
			f.there.Store(false)
		}
		if err := errServerAway; ctx.Err() == nil && s.broken.Swap(&err) == nil {
			s.options.Log.Warn().Err(err).Msg("retrying until the flagd server answers")
		}
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// connect starts a provider that receives the server's events and installs it.
func (f *server) connect(ctx context.Context) error {
	// The provider reports changes only if it has a cache. One entry is the minimum: an answer that is under way during
	// a change would stay in the cache. The switches have their own cache.
	provider, err := flagd.NewProvider(flagd.WithRPCResolver(), flagd.WithLRUCache(1), flagd.WithEventStreamConnectionMaxAttempts(1))
	if err != nil {
		return fmt.Errorf("flagd provider: %w", err)
	}
	begun := make(chan error, 1)
	go func() { begun <- provider.Init(openfeature.EvaluationContext{}) }()
	select {
	case err = <-begun:
	case <-ctx.Done(): // Init ends when the server closes the connection
		return ctx.Err()
	}
	if err != nil {
		provider.Shutdown()
		return err
	}
	select {
	case <-f.lost: // from the previous provider
	default:
	}
	if err := openfeature.SetNamedProviderAndWait(f.domain, provider); err != nil {
		return err
	}
	f.provider = provider
	return nil
}

// gone reports that the provider has given up.
func (f *server) gone() {
	select {
	case f.lost <- struct{}{}:
	default: // reported already
	}
}

// asked reports whether the server may be asked now.
func (f *server) asked() bool { return f.there.Load() && time.Now().UnixNano() >= f.silent.Load() }

// leave starts a pause of leaveAlone for a server that did not answer in time.
func (f *server) leave() { f.silent.Store(time.Now().Add(leaveAlone).UnixNano()) }
