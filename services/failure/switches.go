package failure

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

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
	options  Options
	provider openfeature.FeatureProvider
	client   *openfeature.Client
	now      atomic.Pointer[snapshot]
	broken   atomic.Pointer[error]
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

// opened numbers the switches of this process: each has a provider of its own under a domain of its own.
var opened atomic.Int64

// ByServer says whether a flagd server has the flags, so that the file is not asked: FLAGD_RESOLVER=rpc.
func ByServer() bool { return strings.EqualFold(os.Getenv("FLAGD_RESOLVER"), "rpc") }

// Open makes switches that follow the file, which is made when there is none, or a flagd server. A broken file is no
// error: it is reported by [Switches.Problem] and the log, and everything is off until it is good. A server that is not
// there yet is waited for in the background; until it is there, everything is off.
func Open(options Options) (*Switches, error) {
	s := &Switches{options: options}
	s.now.Store(newSnapshot())
	option := flagd.WithRPCResolver()
	if !ByServer() {
		// A service that may not write there can read what another one puts there later.
		if err := options.File.Create(); err != nil {
			options.Log.Warn().Err(err).Msg("flag file not created")
		}
		option = func(c *flagd.ProviderConfiguration) {
			flagd.WithInProcessResolver()(c)
			c.OfflineFlagSourcePath = "" // FLAGD_OFFLINE_FLAG_SOURCE_PATH would put another reader in this one's place
			flagd.WithCustomSyncProviderAndUri(&follower{file: options.File, report: s.report}, options.File.Path)(c)
		}
	}
	provider, err := flagd.NewProvider(option)
	if err != nil {
		return nil, fmt.Errorf("flagd provider: %w", err)
	}
	s.provider = provider
	domain := fmt.Sprintf("traceria/%s/%d", options.Service, opened.Add(1))
	s.client = openfeature.NewClient(domain)
	forget := func(openfeature.EventDetails) { s.now.Store(newSnapshot()) }
	for _, event := range []openfeature.EventType{openfeature.ProviderReady, openfeature.ProviderConfigChange, openfeature.ProviderError, openfeature.ProviderStale} {
		s.client.AddHandler(event, &forget)
	}
	set := openfeature.SetNamedProviderAndWait
	if ByServer() {
		set = openfeature.SetNamedProvider
	}
	if err := set(domain, provider); err != nil {
		return nil, fmt.Errorf("flagd provider: %w", err)
	}
	return s, nil
}

// Close ends following the file or the server.
func (s *Switches) Close() {
	if s != nil {
		if p, ok := s.provider.(openfeature.StateHandler); ok {
			p.Shutdown()
		}
	}
}

// Problem is what is wrong with the flag file at the moment; while it is, the last good state holds.
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

// Service is the name of the service that asks.
func (s *Switches) Service() string {
	if s == nil {
		return ""
	}
	return s.options.Service
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
	details, err := s.client.StringValueDetails(ctx, string(entry.Key), entry.Default(), about(ctx, s.options.Service))
	if err != nil {
		return entry.Default()
	}
	variant := details.Value
	if _, unknown := entry.Choose(variant); unknown != nil || variant == "" {
		variant = entry.Default() // a server's flags are not checked by parse
	}
	if details.Reason == openfeature.StaticReason {
		known.Store(&variant)
	}
	return variant
}
