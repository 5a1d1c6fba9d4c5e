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

// ByServer says whether a flagd server has the flags, so that the file is not asked: FLAGD_RESOLVER=rpc.
func ByServer() bool { return strings.EqualFold(os.Getenv("FLAGD_RESOLVER"), "rpc") }

const (
	// lookForServer is how often a flagd server that is away is looked for.
	lookForServer = 500 * time.Millisecond
	// askTime is how long the server may take for an answer. One that does not answer in time is not asked for leaveAlone:
	// a frozen server must not freeze those who ask it.
	askTime    = 250 * time.Millisecond
	leaveAlone = time.Second
)

// server is a flagd server that switches follow. Where it is, FLAGD_HOST, FLAGD_PORT, FLAGD_SOCKET_PATH and so on say.
type server struct {
	domain   string
	lost     chan struct{} // the provider has given up
	there    atomic.Bool
	silent   atomic.Int64 // until when it is left alone, in Unix nanoseconds
	provider openfeature.StateHandler
}

// errServerAway is said while there is no server.
var errServerAway = errors.New("the flagd server does not answer: everything is off")

// follow follows the server until ctx ends. The provider gives up for good when the server is away at its start, and about
// three seconds after it has gone. Then there must be another provider.
func (f *server) follow(ctx context.Context, s *Switches) {
	for wait := time.NewTicker(lookForServer); ; {
		if err := f.connect(ctx); err == nil {
			s.forget()
			f.there.Store(true)
			if s.broken.Swap(nil) != nil {
				s.options.Log.Info().Msg("the flagd server is there")
			}
			select {
			case <-f.lost:
			case <-ctx.Done():
			}
			f.there.Store(false)
		}
		if err := errServerAway; ctx.Err() == nil && s.broken.Swap(&err) == nil {
			s.options.Log.Warn().Err(err).Msg("looking for it until it is there")
		}
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// connect makes a provider that has the server's stream of events, and puts it in its place.
func (f *server) connect(ctx context.Context) error {
	// The provider tells of changes only while it has a cache; of one key, because an answer that was under way during a
	// change would stay in it. What need not be asked again, the switches remember.
	provider, err := flagd.NewProvider(flagd.WithRPCResolver(), flagd.WithLRUCache(1), flagd.WithEventStreamConnectionMaxAttempts(1))
	if err != nil {
		return fmt.Errorf("flagd provider: %w", err)
	}
	begun := make(chan error, 1)
	go func() { begun <- provider.Init(openfeature.EvaluationContext{}) }()
	select {
	case err = <-begun:
	case <-ctx.Done(): // it is left behind, until a server that takes connections and says nothing ends them
		return ctx.Err()
	}
	if err != nil {
		provider.Shutdown()
		return err
	}
	select {
	case <-f.lost: // that was the one before
	default:
	}
	if err := openfeature.SetNamedProviderAndWait(f.domain, provider); err != nil {
		return err
	}
	f.provider = provider
	return nil
}

// gone is told that the provider has given up.
func (f *server) gone() {
	select {
	case f.lost <- struct{}{}:
	default: // it is known
	}
}

// asked says whether the server may be asked now.
func (f *server) asked() bool { return f.there.Load() && time.Now().UnixNano() >= f.silent.Load() }

// leave leaves a server alone that did not answer in time.
func (f *server) leave() { f.silent.Store(time.Now().Add(leaveAlone).UnixNano()) }
