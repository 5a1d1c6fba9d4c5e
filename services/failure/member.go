package failure

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
)

// members returns the baggage as a rule reads it. JSON logic takes a dot for a step into an object, so user.id is an object
// user with the field id. If there is a member user as well, baggage.user is its value and user.id has no object. Every key
// with dots is also there with a slash for each dot, which no key of W3C Baggage has.
func members(bag baggage.Baggage) map[string]any {
	read := make(map[string]any, bag.Len())
	all := bag.Members()
	slices.SortFunc(all, func(a, b baggage.Member) int { return strings.Compare(a.Key(), b.Key()) }) // user is before user.id
	for _, member := range all {
		if key := member.Key(); strings.Contains(key, ".") {
			read[strings.ReplaceAll(key, ".", "/")] = member.Value()
		}
		nest(read, steps(member.Key()), member.Value())
	}
	return read
}

// steps returns the parts of a key. JSON logic skips empty ones.
func steps(key string) []string {
	return slices.DeleteFunc(strings.Split(key, "."), func(step string) bool { return step == "" })
}

// nest puts the value into the objects of its path. A value that is in the way stays.
func nest(into object, path []string, value string) {
	for i, step := range path {
		if _, taken := into[step]; i == len(path)-1 && !taken {
			into[step] = value
			return
		}
		next, isObject := into[step].(object)
		if !isObject {
			if into[step] != nil {
				return
			}
			next = object{}
			into[step] = next
		}
		into = next
	}
}
