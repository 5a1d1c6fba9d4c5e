package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"traceria/telemetry"
)

// Env reads environment variables and remembers everything that is wrong with them, so that a user who made
// two mistakes hears of both at once.
type Env struct {
	lookup func(string) (string, bool)
	errs   []error
}

// NewEnv reads from lookup; nil means the process's environment.
func NewEnv(lookup func(string) (string, bool)) *Env {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	return &Env{lookup: lookup}
}

// ErrConfiguration is wrapped by what [Env.Err] returns. A program that meets it exits with 2.
var ErrConfiguration = errors.New("wrong configuration")

// Err names every variable that is wrong, what is wrong with it and what is allowed, or is nil.
func (e *Env) Err() error {
	if len(e.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w:\n%w", ErrConfiguration, errors.Join(e.errs...))
}

// Also remembers what another package found wrong.
func (e *Env) Also(err error) {
	if err != nil {
		e.errs = append(e.errs, err)
	}
}

func (e *Env) wrong(name, value, want string) {
	e.errs = append(e.errs, fmt.Errorf("%s=%q: want %s", name, value, want))
}

// String is the variable, or fallback when it is unset or empty.
func (e *Env) String(name, fallback string) string {
	if value, _ := e.lookup(name); value != "" {
		return value
	}
	return fallback
}

// Checked is a string for which check returns nil. The value is not repeated in the error: it may be secret.
func (e *Env) Checked(name, fallback string, check func(string) error) string {
	value := e.String(name, fallback)
	if err := check(value); err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s: %w", name, err))
	}
	return value
}

// URL is an http or https address without a slash at its end. Of a wrong one, only its scheme and host are shown,
// and nothing when it has no host: user:password@host without its scheme has none.
func (e *Env) URL(name, fallback string) string {
	value := e.String(name, fallback)
	if err := telemetry.CheckURL(value); err != nil {
		shown := "(unreadable)"
		if u, parseErr := url.Parse(value); parseErr == nil && u.Host != "" && !strings.Contains(u.Path, "@") {
			shown = u.Scheme + "://" + u.Host
		}
		e.errs = append(e.errs, fmt.Errorf("%s=%q: %w", name, shown, err))
		return fallback
	}
	return strings.TrimRight(value, "/")
}

// hostname is what the host of an address to listen on may be, when it is no IP address.
var hostname = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?$`)

// Addr is host:port to listen on; the host may be empty, which means every interface, and port 0 is any free one.
func (e *Env) Addr(name, fallback string) string {
	value := e.String(name, fallback)
	host, port, err := net.SplitHostPort(value)
	_, portErr := strconv.ParseUint(port, 10, 16)
	_, ipErr := netip.ParseAddr(host)
	if err != nil || portErr != nil || (host != "" && ipErr != nil && !hostname.MatchString(host)) {
		e.wrong(name, value, "host:port, such as 127.0.0.1:8081 or :8081")
		return fallback
	}
	return value
}

// Int is a whole number within the limits.
func (e *Env) Int(name string, fallback, least, most int) int {
	value := e.String(name, strconv.Itoa(fallback))
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		e.wrong(name, value, fmt.Sprintf("a whole number from %d to %d", least, most))
		return fallback
	}
	return n
}

// OneOf is one of the values.
func (e *Env) OneOf(name, fallback string, values ...string) string {
	value := e.String(name, fallback)
	if slices.Contains(values, value) {
		return value
	}
	e.wrong(name, value, "one of "+strings.Join(values, ", "))
	return fallback
}

// Span is a range of durations, such as 50ms-250ms; a single duration is a range of itself.
type Span struct{ Least, Most time.Duration }

// longest is the longest that a piece of work may be told to take: RabbitMQ takes a message that is not acked
// for half an hour away from its consumer.
const longest = 10 * time.Minute

// Span is a range of durations between 0 and ten minutes.
func (e *Env) Span(name string, fallback Span) Span {
	value := e.String(name, "")
	if value == "" {
		return fallback
	}
	low, high, isRange := strings.Cut(value, "-")
	if !isRange {
		high = low
	}
	least, err1 := time.ParseDuration(strings.TrimSpace(low))
	most, err2 := time.ParseDuration(strings.TrimSpace(high))
	if err1 != nil || err2 != nil || least < 0 || most < least || most > longest {
		e.wrong(name, value, "a duration or a range of durations up to 10m, such as 100ms or 50ms-250ms")
		return fallback
	}
	return Span{least, most}
}
