package tracetree_test

import (
	"fmt"
	"os"
	"time"

	"traceria/telemetry/tracetree"
)

// order is a trace as it arrives: a heap of spans in any order.
func order() []tracetree.Span {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	noon := time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)
	return []tracetree.Span{
		{
			TraceID: trace, SpanID: "00f067aa0ba902b9", ParentID: "00f067aa0ba902b8", Kind: tracetree.KindConsumer,
			Name: "process events:order.order-created.v1:order.order-created", Service: "order",
			Start: noon.Add(8 * time.Millisecond), Duration: 6 * time.Millisecond,
			Attributes: map[string]any{"traceria.queue.wait_ms": 3.0},
			Links:      []tracetree.Link{{TraceID: trace, SpanID: "00f067aa0ba902b8"}},
		},
		{
			TraceID: trace, SpanID: "00f067aa0ba902b8", ParentID: "00f067aa0ba902b7", Kind: tracetree.KindProducer,
			Name: "send events:order.order-created.v1", Service: "order",
			Start: noon.Add(4 * time.Millisecond), Duration: 900 * time.Microsecond,
		},
		{
			TraceID: trace, SpanID: "00f067aa0ba902b7", Kind: tracetree.KindServer,
			Name: "POST /order", Service: "order", Start: noon, Duration: 4200 * time.Microsecond,
		},
	}
}

func ExamplePrint() {
	tree := tracetree.Build(order())
	if err := tracetree.Print(os.Stdout, tree, tracetree.PrintOptions{Width: 110}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// trace 4bf92f3577b34da6a3ce929d0e0e4736 · 3 spans · 14 ms · 1 service: order
	//
	//                                                           service  kind      start    took
	// POST /order                                               order    server           4.2 ms
	// └─ send events:order.order-created.v1                     order    producer  +4 ms  900 µs
	//    └─ process …:order.order-created                       order    consumer  +8 ms    6 ms  waited 3 ms, ↑link
	//
	// ↑link: child of a span and also linked to that span
}

func ExampleShape() {
	fmt.Print(tracetree.Shape(tracetree.Build(order())))
	// Output:
	// POST /order                                                      order  server
	// └─ send events:order.order-created.v1                            order  producer
	//    └─ process events:order.order-created.v1:order.order-created  order  consumer  ↑link
}

func ExampleCompare() {
	wanted := tracetree.Shape(tracetree.Build(order()))
	lost := order()
	lost[0].ParentID = "" // the consumer did not get the context of the message
	fmt.Print(tracetree.Compare(wanted, tracetree.Build(lost)))
	// Output:
	// the shape of the trace differs (- wanted, + found):
	//   POST /order  order  server
	//   └─ send events:order.order-created.v1  order  producer
	// -    └─ process events:order.order-created.v1:order.order-created  order  consumer  ↑link
	// + process events:order.order-created.v1:order.order-created  order  consumer  linked to send events:order.order-created.v1
}
