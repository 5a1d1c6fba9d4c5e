package tracetree_test

import (
	"context"
	"fmt"
	"time"

	"traceria/telemetry/tracetree"
)

// wanted is the trace that an order must leave: the answer does not wait for the consumer, and no span is of loyalty.
const wanted = `
POST /order                                                      order  server    took < 1s, [!error.type]
└─ send events:order.order-created.v1                            order  producer
   └─ process events:order.order-created.v1:order.order-created  order  consumer  ↑link, waited < 50ms
none: *  loyalty
before: POST /order | process *
`

// A test of a trace's shape in ten lines. read stands for the method Trace or Conversation of a Jaeger.
func ExampleReadAtRest() {
	read := func(context.Context) ([]tracetree.Span, error) { return order(), nil }

	spans, err := tracetree.ReadAtRest(context.Background(), read, 15*time.Second)
	if err != nil {
		fmt.Println(err)
	}
	if diff := tracetree.Compare(wanted, tracetree.Build(spans)); diff != "" {
		fmt.Println(diff) // t.Error(diff)
	}
	// Output:
}
