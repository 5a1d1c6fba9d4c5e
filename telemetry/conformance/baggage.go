package conformance

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// missingBaggage returns the members that the header baggage lacks or has with another value.
func missingBaggage(want map[string]string, header string) string {
	have := map[string]string{}
	for member := range strings.SplitSeq(header, ",") {
		member, _, _ = strings.Cut(member, ";") // the properties of a member are not compared
		name, value, _ := strings.Cut(member, "=")
		value = strings.TrimSpace(value)
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		have[strings.TrimSpace(name)] = value
	}
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, ok := have[name]; !ok || value != want[name] {
			lost = append(lost, name+"="+want[name])
		}
	}
	return strings.Join(lost, ",")
}
