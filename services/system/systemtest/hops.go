package systemtest

import (
	"strings"

	"traceria/telemetry/tracetree"
)

// Hops returns the sends and process spans of a trace. Their names ignore retry paths: exchange and routing key for a
// send, the queue for a process span.
func Hops(tree *tracetree.Tree) map[string]bool {
	found := map[string]bool{}
	for _, span := range tree.Spans() {
		switch {
		case strings.HasPrefix(span.Name, "send ") && !strings.HasSuffix(span.Name, ".dead"):
			found[span.Service+" "+span.Name] = true
		case strings.HasPrefix(span.Name, "process "):
			found[span.Service+" process "+span.Name[strings.LastIndexAny(span.Name, ": ")+1:]] = true
		}
	}
	return found
}
