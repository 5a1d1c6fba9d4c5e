package otlp

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// The bounds of a span and of a log record. What is beyond them is cut.
const (
	maxAttributes = 1000
	maxLinks      = 1000
	maxEvents     = 1000
	maxValues     = 1000      // values of a list
	maxText       = 64 * 1024 // bytes of a text
	maxName       = 1024      // bytes of a name of a span, an attribute or a service
	maxDepth      = 32        // values within values
)

// text returns valid UTF-8 of at most limit bytes.
func text(s string, limit int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= limit {
		return s
	}
	cut := limit - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

const (
	internedKeys   = 4096 // names that all requests share
	internedValues = 4096 // values that the spans of one request share
	internedLength = 64
)

// names are the names of attributes, services and spans. Each is kept once, whatever the number of spans that have it. Names that come
// when it is full are not shared.
var names = struct {
	sync.RWMutex
	known map[string]string
}{known: map[string]string{}}

func name(s string) string {
	s = text(s, maxName)
	names.RLock()
	shared, ok := names.known[s]
	names.RUnlock()
	if ok || len(s) > internedLength {
		if ok {
			return shared
		}
		return s
	}
	names.Lock()
	defer names.Unlock()
	if shared, ok = names.known[s]; ok {
		return shared
	}
	if len(names.known) < internedKeys {
		s = strings.Clone(s)
		names.known[s] = s
	}
	return s
}

// values are the short texts of one request. Most spans of a request have values in common.
type values map[string]any

func (v values) text(s string) any {
	s = text(s, maxText)
	if len(s) > internedLength {
		return s
	}
	if shared, ok := v[s]; ok {
		return shared
	}
	var boxed any = s
	if len(v) < internedValues {
		v[s] = boxed
	}
	return boxed
}
