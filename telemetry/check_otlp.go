package telemetry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"unicode"
)

// otlpChoices are variables of the OTLP exporters, without their prefix. Each signal has a set of its own
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options).
var otlpChoices = map[string]choice{
	"PROTOCOL":    {values: []string{"grpc", "http/protobuf"}},
	"COMPRESSION": {values: []string{"gzip", "none"}},
	"INSECURE":    {anyCase: true, values: []string{"true", "false"}},
}

// checkOTLP checks the variables that begin with prefix: with shown if an error may repeat the value, otherwise with hidden.
func checkOTLP(prefix string, shown, hidden func(name string, check func(string) error)) {
	for name, c := range otlpChoices {
		shown(prefix+name, c.check)
	}
	shown(prefix+"TIMEOUT", milliseconds.check)
	shown(prefix+"CERTIFICATE", checkCertificates)
	hidden(prefix+"ENDPOINT", CheckURL)
	hidden(prefix+"HEADERS", checkHeaders)
}

// CheckURL checks the base URL of an HTTP or gRPC server. The error does not repeat the URL, which may hold a password.
func CheckURL(value string) error {
	u, err := ParseURL(value)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("want http://host:port or https://host:port")
	}
	if u.Port() != "" && port.check(u.Port()) != nil {
		return errors.New("want http://host:port or https://host:port, with a port from 1 to 65535")
	}
	return nil
}

// checkHeaders accepts name=value,name=value, with values percent-encoded as in a URL.
func checkHeaders(value string) error {
	for i, pair := range strings.Split(value, ",") {
		name, text, found := strings.Cut(pair, "=")
		text, err := url.PathUnescape(text)
		if !found || err != nil || !isToken(strings.TrimSpace(name)) || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("header %d cannot be read; want name=value,name=value, values percent-encoded", i+1)
		}
	}
	return nil
}

// isToken reports whether name is a valid HTTP header name (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// checkResource accepts key=value,key=value, with values percent-encoded.
func checkResource(value string) error {
	for i, pair := range strings.Split(value, ",") {
		key, text, found := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(text); !found || err != nil || strings.TrimSpace(key) == "" {
			return fmt.Errorf("attribute %d cannot be read; want key=value,key=value, values percent-encoded", i+1)
		}
	}
	return nil
}

func checkCertificates(path string) error {
	pem, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("want a file with certificates: %w", unwrapped(err))
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return errors.New("want a file with certificates in PEM form: there is none in it")
	}
	return nil
}

// checkClientCertificate accepts a certificate with its key, or neither.
func checkClientCertificate(prefix string, lookup func(string) (string, bool)) error {
	certificate, _ := lookup(prefix + "CLIENT_CERTIFICATE")
	key, _ := lookup(prefix + "CLIENT_KEY")
	if certificate == "" && key == "" {
		return nil
	}
	names := prefix + "CLIENT_CERTIFICATE and " + prefix + "CLIENT_KEY"
	if certificate == "" || key == "" {
		return fmt.Errorf("%s: want both or none", names)
	}
	if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
		return fmt.Errorf("%s: want the files of a certificate and its key in PEM form: %w", names, err)
	}
	return nil
}

// unwrapped removes the path from err: the caller's error has it already.
func unwrapped(err error) error {
	if wrong, ok := errors.AsType[*os.PathError](err); ok {
		return wrong.Err
	}
	return err
}
