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
	"go.opentelemetry.io/otel/metric"
)

// Options configure [Open].
type Options struct {
	// Service is the name of the calling service.
	Service string
	// File is the flag file. FLAGD_RESOLVER=rpc selects a flagd server instead (FLAGD_HOST, FLAGD_PORT, …).
	File File
	// Shared reports that several services share the process. Keys that end the process are off then.
	Shared bool
	// Log receives a line when the file becomes unusable and when it is usable again.
	Log zerolog.Logger
	// Meters measures what is set and what is injected. Nil measures nothing.
	Meters metric.MeterProvider
}

// Switches evaluate the keys. A nil *Switches has every key off. They are safe for concurrent use.
type Switches struct {
	options Options
	client  *openfeature.Client
	now     atomic.Pointer[snapshot]
	changes atomic.Int64
	broken  atomic.Pointer[error]
	server  *server // nil for a file
	close   func()
	meters  meters
}

// snapshot caches the variants since the last change. It holds the keys whose variant is the same for every order.
type snapshot map[Key]*cached

// cached holds the variant of a key until the next change of the flags.
type cached struct {
	variant atomic.Pointer[string]
	// unmarked reports that the marks of the key are withheld.
	unmarked atomic.Bool
	// told is true once the log has a fault of the key's rule.
	told atomic.Bool
}

func newSnapshot() *snapshot {
	s := make(snapshot, len(catalogue))
	for _, entry := range catalogue {
		s[entry.Key] = &cached{}
	}
	return &s
}

// operators guards the rule operators of flagd. Each new provider writes them into a global map that the evaluations of
// all providers read. Under traceria all, services start while others evaluate.
var operators sync.RWMutex

// opened counts the Switches of this process. Each has its own provider in its own domain.
var opened atomic.Int64

// Open returns switches that follow the file, which it creates if it is missing, or a flagd server. An unusable file is
// no error but a [Switches.Problem]. An unavailable server is retried in the background. Everything is off until then.
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
	} else if err := s.followFile(domain); err != nil {
		return s, err
	}
	s.startMeters()
	return s, nil
}

// forget empties the cache.
func (s *Switches) forget() {
	s.now.Store(newSnapshot())
	s.changes.Add(1)
}

// Changes returns the number of changes of the flags that were noticed. After it has grown, [Switches.On] acts on the change.
func (s *Switches) Changes() int64 {
	if s == nil {
		return 0
	}
	return s.changes.Load()
}

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
	// Without write access the service still reads a file that another process creates later.
	if err := s.options.File.Create(); err != nil {
		s.options.Log.Warn().Err(err).Msg("flag file not created")
	}
	operators.Lock()
	provider, err := flagd.NewProvider(func(c *flagd.ProviderConfiguration) {
		flagd.WithInProcessResolver()(c)
		c.OfflineFlagSourcePath = "" // FLAGD_OFFLINE_FLAG_SOURCE_PATH would replace our reader
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

// Close stops following the file or the server.
func (s *Switches) Close() {
	if s != nil {
		s.close()
	}
}

// Problem returns the current fault, or nil. While the file is unusable, its last valid state applies. While the flagd
// server is unavailable, everything is off.
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
		s.options.Log.Info().Str("file", s.options.File.Path).Msg("flag file is usable again")
		return
	}
	s.broken.Store(&err)
	s.options.Log.Error().Err(err).Str("file", s.options.File.Path).Msg("flag file cannot be used: the last valid state applies")
}

// Refuse returns an error that wraps [ErrTarget] if the variant would end a process that several services share.
func (s *Switches) Refuse(entry Entry, variant string) error {
	if s == nil || !s.options.Shared || !entry.Crash || variant == entry.Default() {
		return nil
	}
	return fmt.Errorf("%w: %s ends the process, which runs all services here; run each service in a process of its own", ErrTarget, entry.Key)
}

// On reports whether key is on for the order in ctx, and its variant. The order's own header (see [WithHeader])
// overrides the flags. On marks the current span when the key is on.
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
	if !s.Unmarked(key) {
		evaluated(ctx, key, variant)
	}
	return variant, true
}

// Unmarked reports whether the marks of a key that is on are withheld from the spans (see [Setting]).
func (s *Switches) Unmarked(key Key) bool {
	if s == nil {
		return false
	}
	known := (*s.now.Load())[key]
	return known != nil && known.unmarked.Load()
}

// standing returns the default variant, or "" for the zero Entry.
func (e Entry) standing() string {
	if len(e.Variants) == 0 {
		return ""
	}
	return e.Default()
}

// variant evaluates the flag. It caches a variant that is the same for every order until the next change.
func (s *Switches) variant(ctx context.Context, entry Entry) string {
	known := (*s.now.Load())[entry.Key]
	if v := known.variant.Load(); v != nil {
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
	if details.FlagMetadata[unmarkedKey] == true {
		known.unmarked.Store(true)
	}
	if _, unknown := entry.Choose(variant); err != nil || unknown != nil || variant == "" {
		s.misled(known, entry, details.EvaluationDetails)
		variant = entry.Default()
	}
	switch {
	case details.Reason == openfeature.StaticReason, details.ErrorCode == openfeature.FlagNotFoundCode:
		known.variant.Store(&variant)
	case err != nil && s.server != nil && time.Since(began) >= askTime:
		s.server.leave()
	}
	return variant
}

// misled logs, once until the next change, that a rule gives what the key does not have. A file is checked for it as far as
// the rule shows it; the flags of a server are not.
func (s *Switches) misled(known *cached, entry Entry, details openfeature.EvaluationDetails) {
	switch details.ErrorCode {
	case "", openfeature.ParseErrorCode, openfeature.TypeMismatchCode:
	default: // the flag or the server is missing, or the flag is disabled
		return
	}
	if known.told.Swap(true) {
		return
	}
	s.options.Log.Error().Str("key", string(entry.Key)).Str("variant", details.Variant).Str("error", string(details.ErrorCode)).
		Strs("variants", entry.Variants).Msg("the flag gives no variant of the key: the default applies")
}
