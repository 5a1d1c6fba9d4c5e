package telemetry

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
)

// errURL does not repeat the URL, which may hold a password.
var errURL = errors.New("is no URL: want scheme://user:password@host:port/path, with special characters in a part written as %XX (@ is %40, / is %2F)")

// ParseURL is [url.Parse] for addresses of the configuration, which may hold a password. Where a special character in the password
// makes it end early, the rest would be taken for the host or the path, and would be shown: ParseURL refuses a second @, an @ behind
// the host, white space and control characters. The error does not repeat the URL.
func ParseURL(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil, u.Host == "" && u.User == nil && strings.Contains(rawURL, "@"), strings.Count(rawURL, "@") > 1:
		return nil, errURL
	case strings.Contains(rawURL, "@") && u.User == nil, strings.ContainsFunc(rawURL, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return nil, errURL
	}
	return u, nil
}

// Redacted returns a URL without user, password, query and fragment, for output. It returns "(unreadable)" for what ParseURL
// refuses.
func Redacted(rawURL string) string {
	u, err := ParseURL(rawURL)
	if err != nil || u.Host == "" {
		return "(unreadable)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// WithoutURL returns the cause of an error of package net/http or net/url, without the URL that it repeats.
func WithoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
