package system

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// secret is a password. None of its parts is a part of another word in the outputs.
const secret = "s3cr3tP4ssw0rdWithManyParts"

// leaks returns the first part of the secret with five characters that is in the text, or "".
func leaks(text string) string {
	for i := 0; i+5 <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+5]) {
			return secret[i : i+5]
		}
	}
	return ""
}

// wrongURLs are URLs with the secret in them: right ones, and ones that a special character cuts at any place.
func wrongURLs(random *rand.Rand, scheme string) []string {
	urls := []string{scheme + "://user:" + secret + "@127.0.0.1:1/db", scheme + "://" + secret + "@127.0.0.1:1/db"}
	for _, special := range []string{"@", "/", "?", "#", ":", "%", " ", "%zz", "\\", "[", "]", "@@", "\x01", "://", "&", "=", "'"} {
		at := 1 + random.IntN(len(secret)-2)
		cut := secret[:at] + special + secret[at:]
		urls = append(urls, scheme+"://user:"+cut+"@127.0.0.1:1/db", scheme+"://"+cut+"@127.0.0.1:1/db", "user:"+cut+"@127.0.0.1:1/db",
			scheme+"://127.0.0.1:1/db?password="+cut, scheme+"://127.0.0.1:1/db#"+cut, scheme+":"+cut, "host=127.0.0.1 port=1 password="+cut)
	}
	return append(urls, scheme+"://user:"+url.QueryEscape(secret+"@/?#")+"@127.0.0.1:1/db")
}

// No part of a secret in a URL of the configuration is in the output of a command or in the log of a service, however wrong the
// URL is.
func TestNoPartOfASecretIsInAnyOutput(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	s := &systemtest.System{Env: append(os.Environ(), "TRACERIA_DATA="+t.TempDir())}
	tried := 0
	for name, scheme := range map[string]string{
		"AMQP_URL": "amqp", "RABBITMQ_MANAGEMENT_URL": "http", "DATABASE_URL": "postgres", "ORDER_URL": "http", "KITCHEN_URL": "http", "JAEGER_URL": "http",
		"JAEGER_PUBLIC_URL": "http", "CONSOLE_PUBLIC_URL": "http", "OTEL_EXPORTER_OTLP_ENDPOINT": "http",
	} {
		urls := wrongURLs(random, scheme)
		random.Shuffle(len(urls), func(i, j int) { urls[i], urls[j] = urls[j], urls[i] })
		for _, wrong := range urls[:14] {
			if strings.Contains(wrong, "\x00") {
				continue
			}
			for _, command := range [][]string{{"status"}, {"status", "--json"}, {"buy"}, {"trace", "0123456789abcdef0123456789abcdef", "--wait", "0"}, {"dead", "list"}} {
				if !strings.HasPrefix(command[0], "status") && random.IntN(4) > 0 {
					continue
				}
				out, err := s.TraceriaWith([]string{name + "=" + wrong}, command...)
				if part := leaks(out + fmt.Sprint(err)); part != "" {
					t.Errorf("%s=%q traceria %s prints %q:\n%s%v", name, wrong, strings.Join(command, " "), part, out, err)
				}
				tried++
			}
		}
	}
	t.Logf("%d commands", tried)
}

// A service with a database, a broker and a Collector that do not answer logs no part of their passwords.
func TestNoPartOfASecretIsInTheLogOfAService(t *testing.T) {
	s := &systemtest.System{Env: append(os.Environ(), "TRACERIA_DATA="+t.TempDir())}
	for _, env := range [][]string{
		{"DATABASE_URL=postgres://user:" + secret[:8] + "@" + secret[8:] + "@127.0.0.1:1/db"},
		{"DATABASE_URL=postgres://user:" + secret + "@127.0.0.1:1/db"},
		{"AMQP_URL=amqp://user:" + secret + "@127.0.0.1:1/", "OTEL_EXPORTER_OTLP_ENDPOINT=http://user:" + secret + "@127.0.0.1:1", "RABBITMQ_MANAGEMENT_URL=http://user:" + secret + "@127.0.0.1:1"},
		{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + secret, "ORDER_URL=http://user:" + secret + "@127.0.0.1:1", "JAEGER_URL=http://" + secret + "@127.0.0.1:1"},
	} {
		service := s.Launch(t, "kitchen", append(env, "HTTP_ADDR=127.0.0.1:0", "LOG_LEVEL=trace"), os.Args[0], "kitchen")
		time.Sleep(2 * time.Second) // it logs its first attempts
		_ = service.End()
		if part := leaks(service.Out.String()); part != "" {
			t.Errorf("%q: the log has %q:\n%s", env, part, service.Out.String())
		}
		if len(service.Out.String()) == 0 {
			t.Errorf("%q: the service has logged nothing", env)
		}
	}
}
