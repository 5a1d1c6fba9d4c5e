package journeys

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// maxCached is the number of attribute filters whose results are kept.
const maxCached = 8

// attributeCache has the results of the last attribute filters, by the version of a row: a row changes with each change of its spans.
// It does not hold rows, which may be gone.
type attributeCache struct {
	mu      sync.Mutex
	results map[string]map[uint64]bool
	order   []string // the filter that was used longest ago first
}

// withAttributes returns the rows with a span that has one of the attributes. It reads spans in parallel and without the lock.
func (s *Store) withAttributes(rows []*Row, wanted []string) []*Row {
	c := &s.attributes
	c.mu.Lock()
	defer c.mu.Unlock()
	name := strings.Join(wanted, "\x00")
	before := c.results[name]
	found := make(map[uint64]bool, len(rows))
	var unknown []*Row
	for _, row := range rows {
		if has, known := before[row.Version]; known {
			found[row.Version] = has
		} else {
			unknown = append(unknown, row)
		}
	}
	for i, has := range s.search(unknown, conditions(wanted)) {
		found[unknown[i].Version] = has
	}
	c.keep(name, found)
	return slices.DeleteFunc(rows, func(row *Row) bool { return !found[row.Version] })
}

func (c *attributeCache) keep(name string, found map[uint64]bool) {
	if c.results == nil {
		c.results = map[string]map[uint64]bool{}
	}
	c.order = append(slices.DeleteFunc(c.order, func(n string) bool { return n == name }), name)
	c.results[name] = found
	if len(c.order) > maxCached {
		delete(c.results, c.order[0])
		c.order = c.order[1:]
	}
}

// search reports for each row whether its spans meet one of the conditions.
func (s *Store) search(rows []*Row, wanted []condition) []bool {
	has := make([]bool, len(rows))
	var next int
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(rows)) {
		workers.Go(func() {
			var buffer []byte
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(rows) {
					return
				}
				if st, ok := s.read(rows[i].ID); ok {
					has[i] = st.meets(wanted, &buffer)
				}
			}
		})
	}
	workers.Wait()
	return has
}

// condition is an attribute's name, and its value in parts between which any text may stand.
type condition struct {
	key    string
	any    bool
	values []string
}

// possible reports whether a part of the value that no number has is in a block.
func (c condition) possible(raw []byte) bool {
	for _, part := range c.values {
		if strings.Trim(part, "0123456789.+-eEtrufalsnNI") != "" && !bytes.Contains(raw, []byte(part)) {
			return false
		}
	}
	return true
}

func conditions(wanted []string) []condition {
	out := make([]condition, len(wanted))
	for i, text := range wanted {
		key, value, valued := strings.Cut(text, "=")
		out[i] = condition{key: key, any: !valued, values: strings.Split(value, "*")}
	}
	return out
}

// meets reports whether a span, its resource, a link or an event has one of the attributes. Blocks are not decoded.
func (st stored) meets(wanted []condition, buffer *[]byte) bool {
	for _, open := range st.open {
		if anyMeets(open, wanted) {
			return true
		}
	}
	for _, b := range st.blocks {
		raw := b.protobuf(*buffer)
		*buffer = raw
		for _, c := range wanted {
			if c.possible(raw) && otlp.AnyAttribute(raw, c.key, c.metBy) {
				return true
			}
		}
	}
	return false
}

func anyMeets(spans []tracetree.Span, wanted []condition) bool {
	for i := range spans {
		for _, c := range wanted {
			if c.metIn(&spans[i]) {
				return true
			}
		}
	}
	return false
}

func (c condition) metIn(span *tracetree.Span) bool {
	has := func(attributes map[string]any) bool {
		value, ok := attributes[c.key]
		return ok && c.metBy(value)
	}
	return has(span.Attributes) || has(span.Resource) ||
		slices.ContainsFunc(span.Links, func(l tracetree.Link) bool { return has(l.Attributes) }) ||
		slices.ContainsFunc(span.Events, func(e tracetree.Event) bool { return has(e.Attributes) })
}

func (c condition) metBy(value any) bool {
	if list, ok := value.([]any); ok && !c.any {
		return slices.ContainsFunc(list, func(item any) bool { return glob(c.values, display(item)) })
	}
	return c.any || glob(c.values, display(value))
}

// glob reports whether text is the parts in their order with any texts between them.
func glob(parts []string, text string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return text == first
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, last)
}

// display is the text of an attribute's value, as it is compared with a filter.
func display(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}
