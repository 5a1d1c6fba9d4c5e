package event

import (
	"net/url"
	"regexp"
)

// uriStart and uriRest are URI-reference of RFC 3986, section 4.1: no colon before the first slash, unless it ends a scheme, and no
// other characters than these.
var (
	uriStart = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:|[^:/?#]*([/?#]|$))`)
	uriRest  = regexp.MustCompile(`^([A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*$`)
)

// isURIReference reports whether a source can be one. net/url refuses legal ones, such as //a%2Fb, and takes others that are not, such
// as names with spaces. Both are read.
func isURIReference(text string) bool {
	_, err := url.Parse(text)
	return err == nil || uriStart.MatchString(text) && uriRest.MatchString(text)
}
