package tracetree_test

import (
	"fmt"
	"strings"
	"time"

	"traceria/telemetry/tracetree"
)

// Spans arrive in any order. Build puts each one under its parent.
func ExampleBuild() {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	noon := time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
	tree := tracetree.Build([]tracetree.Span{
		{
			TraceID: trace, SpanID: "00f067aa0ba902b9", ParentID: "00f067aa0ba902b8", Service: "kitchen",
			Name: "process orders", Kind: tracetree.KindConsumer, Start: noon.Add(8 * time.Millisecond), Duration: 6 * time.Millisecond,
		},
		{
			TraceID: trace, SpanID: "00f067aa0ba902b8", ParentID: "00f067aa0ba902b7", Service: "order",
			Name: "send orders", Kind: tracetree.KindProducer, Start: noon.Add(4 * time.Millisecond), Duration: time.Millisecond,
		},
		{
			TraceID: trace, SpanID: "00f067aa0ba902b7", Service: "order",
			Name: "POST /order", Kind: tracetree.KindServer, Start: noon, Duration: 5 * time.Millisecond,
		},
		{
			TraceID: trace, SpanID: "00f067aa0ba902c1", ParentID: "00f067aa0ba902c0", Service: "loyalty", // the parent was never reported
			Name: "process points", Kind: tracetree.KindConsumer, Start: noon.Add(9 * time.Millisecond), Duration: time.Millisecond,
		},
	})
	tree.Walk(func(n *tracetree.Node, depth int) {
		fmt.Println(strings.Repeat("  ", depth) + n.Name)
	})
	for _, orphan := range tree.Orphans {
		fmt.Println(orphan.Name+":", orphan.Warning)
	}
	// Output:
	// POST /order
	//   send orders
	//     process orders
	// process points
	// process points: parent 00f067aa0ba902c0 is not in the trace
}
