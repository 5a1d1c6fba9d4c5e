package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"traceria/telemetry"
)

// Env reads environment variables and collects every error, so that a user sees all mistakes at once.
type Env struct {
	lookup func(string) (string, bool)
	errs   []error
}

// NewEnv returns an Env that reads from lookup. A nil lookup means os.LookupEnv.
func NewEnv(lookup func(string) (string, bool)) *Env {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	return &Env{lookup: lookup}
}

// ErrConfiguration is wrapped by every error of [Env.Err]. The program then exits with code 2.
var ErrConfiguration = errors.New("wrong configuration")

// Err returns nil, or an error that lists each wrong variable, its fault and the allowed values.
func (e *Env) Err() error {
	if len(e.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w:\n%w", ErrConfiguration, errors.Join(e.errs...))
}

// Also records an error that another package returned. It ignores nil.
func (e *Env) Also(err error) {
	if err != nil {
		e.errs = append(e.errs, err)
	}
}

func (e *Env) wrong(name, value, want string) {
	e.errs = append(e.errs, fmt.Errorf("%s=%q: want %s", name, value, want))
}

// String returns the variable, or fallback when it is unset or empty.
func (e *Env) String(name, fallback string) string {
	if value, _ := e.lookup(name); value != "" {
		return value
	}
	return fallback
}

// Checked returns the variable after check has accepted it. The error never repeats the value, which may be a secret.
func (e *Env) Checked(name, fallback string, check func(string) error) string {
	value := e.String(name, fallback)
	if err := check(value); err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s: %w", name, err))
	}
	return value
}

// URL returns an http or https address without its trailing slash. The error shows scheme and host only, and nothing
// when there is no host: user:password@host parses without one.
func (e *Env) URL(name, fallback string) string {
	value := e.String(name, fallback)
	err := telemetry.CheckURL(value)
	if err == nil && strings.ContainsAny(value, "?#") { // a path is put behind it
		err = errors.New("want http://host:port or https://host:port, without ? and #")
	}
	if err != nil {
		shown := "(unreadable)"
		if u, parseErr := telemetry.ParseURL(value); parseErr == nil && u.Host != "" {
			shown = u.Scheme + "://" + u.Host
		}
		e.errs = append(e.errs, fmt.Errorf("%s=%q: %w", name, shown, err))
		return fallback
	}
	return strings.TrimRight(value, "/")
}

// hostname matches the host of a listen address that is not an IP address.
var hostname = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?$`)

// Addr returns a listen address, host:port. An empty host means every interface, port 0 means any free port.
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

// Int returns a whole number from least to most.
func (e *Env) Int(name string, fallback, least, most int) int {
	value := e.String(name, strconv.Itoa(fallback))
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		e.wrong(name, value, fmt.Sprintf("a whole number from %d to %d", least, most))
		return fallback
	}
	return n
}

// OneOf returns the variable, which must be one of values.
func (e *Env) OneOf(name, fallback string, values ...string) string {
	value := e.String(name, fallback)
	if slices.Contains(values, value) {
		return value
	}
	e.wrong(name, value, "one of "+strings.Join(values, ", "))
	return fallback
}

// Span is a range of durations, such as 50ms-250ms. A single duration has equal limits.
type Span struct{ Least, Most time.Duration }

// longest is the upper limit of a configured duration. RabbitMQ takes back a delivery that is unacked for 30 minutes.
const longest = 10 * time.Minute

// Span returns a range of durations from 0 to ten minutes.
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
