package failure

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	flagd "github.com/open-feature/go-sdk-contrib/providers/flagd/pkg"
	"github.com/open-feature/go-sdk/openfeature"
	"github.com/rs/zerolog"
)

// Options are how switches are opened.
type Options struct {
	// Service is the name of the service that asks.
	Service string
	// File is the flag file; FLAGD_RESOLVER=rpc in the environment takes a flagd server instead (FLAGD_HOST, FLAGD_PORT, …).
	File File
	// Shared is set where several services are one process: what ends the process is off there.
	Shared bool
	// Log is told when the file breaks and when it is good again.
	Log zerolog.Logger
}

// Switches say what is switched on. The nil Switches have everything off. They are safe for concurrent use.
type Switches struct {
	options Options
	client  *openfeature.Client
	now     atomic.Pointer[snapshot]
	broken  atomic.Pointer[error]
	server  *server // nil when the file is followed
	close   func()
}

// snapshot is what was found out since the last change: the variant of every key that has the same one for everybody.
type snapshot map[Key]*atomic.Pointer[string]

func newSnapshot() *snapshot {
	s := make(snapshot, len(catalogue))
	for _, entry := range catalogue {
		s[entry.Key] = &atomic.Pointer[string]{}
	}
	return &s
}

// operators guards the operators of flagd's rules. A new provider writes them into one map of the whole process, which the
// evaluations of all providers read: services that share a process (traceria all) start while others are at work.
var operators sync.RWMutex

// opened numbers the switches of this process: each has a provider of its own under a domain of its own.
var opened atomic.Int64

// Open makes switches that follow the file, which is made when there is none, or a flagd server. A broken file is no
// error: it is reported by [Switches.Problem] and the log, and everything is off until it is good. A server that is not
// there yet is waited for in the background; until it is there, everything is off.
func Open(options Options) (*Switches, error) {
	s := &Switches{options: options}
	s.forget()
	domain := fmt.Sprintf("traceria/%s/%d", options.Service, opened.Add(1))
	s.client = openfeature.NewClient(domain)
	changed := func(openfeature.EventDetails) { s.forget() }
	for _, event := range []openfeature.EventType{openfeature.ProviderReady, openfeature.ProviderConfigChange, openfeature.ProviderError, openfeature.ProviderStale} {
		s.client.AddHandler(event, &changed)
	}
	if ByServer() {
		s.followServer(domain)
		return s, nil
	}
	return s, s.followFile(domain)
}

// forget drops what was found out.
func (s *Switches) forget() { s.now.Store(newSnapshot()) }

func (s *Switches) followServer(domain string) {
	s.server = &server{domain: domain, lost: make(chan struct{}, 1)}
	gone := func(openfeature.EventDetails) { s.server.gone() }
	s.client.AddHandler(openfeature.ProviderError, &gone)
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { s.server.follow(ctx, s) })
	s.close = func() {
		cancel()
		following.Wait()
		if s.server.provider != nil {
			s.server.provider.Shutdown()
		}
	}
}

func (s *Switches) followFile(domain string) error {
	// A service that may not write there can read what another one puts there later.
	if err := s.options.File.Create(); err != nil {
		s.options.Log.Warn().Err(err).Msg("flag file not created")
	}
	operators.Lock()
	provider, err := flagd.NewProvider(func(c *flagd.ProviderConfiguration) {
		flagd.WithInProcessResolver()(c)
		c.OfflineFlagSourcePath = "" // FLAGD_OFFLINE_FLAG_SOURCE_PATH would put another reader in this one's place
		flagd.WithCustomSyncProviderAndUri(&follower{file: s.options.File, report: s.report}, s.options.File.Path)(c)
	})
	operators.Unlock()
	if err != nil {
		return fmt.Errorf("flagd provider: %w", err)
	}
	s.close = provider.Shutdown
	if err := openfeature.SetNamedProviderAndWait(domain, provider); err != nil {
		return fmt.Errorf("flagd provider: %w", err)
	}
	return nil
}

// Close ends following the file or the server.
func (s *Switches) Close() {
	if s != nil {
		s.close()
	}
}

// Problem is what is wrong with the flag file at the moment; while it is, the last good state holds. Or it is that the
// flagd server is away; while it is, everything is off.
func (s *Switches) Problem() error {
	if s == nil {
		return nil
	}
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *Switches) report(err error) {
	if err == nil {
		s.broken.Store(nil)
		s.options.Log.Info().Str("file", s.options.File.Path).Msg("flag file is good again")
		return
	}
	s.broken.Store(&err)
	s.options.Log.Error().Err(err).Str("file", s.options.File.Path).Msg("flag file cannot be used: the last good state holds")
}

// Refuse says why a variant cannot be chosen here: it ends the process, which under traceria all is that of every service.
// The error wraps [ErrTarget].
func (s *Switches) Refuse(entry Entry, variant string) error {
	if s == nil || !s.options.Shared || !entry.Crash || variant == entry.Default() {
		return nil
	}
	return fmt.Errorf("%w: %s ends the process, which is all of Traceria here; run the services as processes of their own", ErrTarget, entry.Key)
}

// On says whether key is on for what ctx is about, and its variant. The header's choice for this one order (see
// [WithHeader]) beats the flags. Where it is on, the current span says so.
func (s *Switches) On(ctx context.Context, key Key) (variant string, on bool) {
	entry := byKey[key]
	if s == nil || entry.Key == "" || (entry.Crash && s.options.Shared) {
		return entry.standing(), false
	}
	variant, chosen := fromHeader(ctx, key)
	if !chosen {
		variant = s.variant(ctx, entry)
	}
	if variant == entry.Default() {
		return variant, false
	}
	evaluated(ctx, key, variant)
	return variant, true
}

// standing is the default variant, and "" of the zero Entry.
func (e Entry) standing() string {
	if len(e.Variants) == 0 {
		return ""
	}
	return e.Default()
}

// variant asks the flags. What is the same for everybody is asked once after each change.
func (s *Switches) variant(ctx context.Context, entry Entry) string {
	known := (*s.now.Load())[entry.Key]
	if v := known.Load(); v != nil {
		return *v
	}
	about := about(ctx, s.options.Service)
	if s.server != nil {
		if !s.server.asked() {
			return entry.Default()
		}
		limited, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		ctx = limited
	}
	began := time.Now()
	operators.RLock()
	details, err := s.client.StringValueDetails(ctx, string(entry.Key), entry.Default(), about)
	operators.RUnlock()
	variant := details.Value
	if _, unknown := entry.Choose(variant); err != nil || unknown != nil || variant == "" {
		variant = entry.Default() // a server's flags are not checked by parse
	}
	switch {
	case details.Reason == openfeature.StaticReason, details.ErrorCode == openfeature.FlagNotFoundCode:
		known.Store(&variant)
	case err != nil && s.server != nil && time.Since(began) >= askTime:
		s.server.leave()
	}
	return variant
}
