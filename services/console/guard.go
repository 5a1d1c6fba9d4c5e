package console

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"traceria/services/host"
)

// names are the names that the Host header may have, in lower case.
type names []string

// newNames returns the hosts and those of the addresses.
func newNames(hosts []string, addresses ...string) names {
	var n names
	for _, name := range hosts {
		n = append(n, plainName(name))
	}
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			n = append(n, plainName(u.Hostname()))
		}
	}
	slices.Sort(n)
	return slices.Compact(n)
}

// allows reports whether a Host header is a name of this console. The port does not matter: it is that of the connection, or of a
// proxy. The check prevents DNS rebinding: a page of another origin makes its own name point to this machine.
func (n names) allows(hostHeader string) bool {
	name := hostHeader
	if bare, _, err := net.SplitHostPort(hostHeader); err == nil {
		name = bare
	}
	name = plainName(name)
	if name == "localhost" || slices.Contains(n, name) {
		return true
	}
	address, err := netip.ParseAddr(name)
	return err == nil && address.Unmap().IsLoopback()
}

// plainName returns a name in lower case, without the brackets of an IPv6 address and without the final dot.
func plainName(name string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		return name[1 : len(name)-1]
	}
	return name
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_.])?$`)

func isHostName(name string) bool {
	_, err := netip.ParseAddr(plainName(name))
	return err == nil || hostName.MatchString(name)
}

// policy is the content security policy of every answer.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard refuses requests to other names and reads by pages of other origins, and sets the headers that protect every answer.
func (c *console) guard(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !c.names.allows(r.Host) {
		return &host.Problem{
			Status: http.StatusMisdirectedRequest, Title: "Unknown host name",
			Detail: "the Host header is no name of this console: want localhost, a loopback address, the host of CONSOLE_URL or " +
				"CONSOLE_PUBLIC_URL, or one of CONSOLE_HOSTS (names with commas between)",
		}
	}
	if foreign(r) {
		return &host.Problem{
			Status: http.StatusForbidden, Title: "Request from another origin",
			Detail: "a web page of another origin may not use the API or the files of the console; it may link to its pages",
		}
	}
	return nil
}

// foreign reports that a browser sends the request for a page of another origin. A link to a page of the console is allowed. The
// browser would hide the answer from the other page anyway, but a stream would take a place.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return r.Header.Get("Sec-Fetch-Mode") != "navigate" || strings.HasPrefix(r.URL.Path, "/api/")
	case "":
		// A browser sends no Sec-Fetch-Site to a plain http address of another machine, but it sends Origin with what may be read.
		origin := r.Header.Get("Origin")
		u, err := url.Parse(origin)
		return origin != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && (err != nil || !strings.EqualFold(u.Host, r.Host))
	default:
		return false
	}
}
