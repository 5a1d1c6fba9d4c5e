package tracetree_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"traceria/telemetry/tracetree"
)

// recorded answers as Jaeger 2.13 answered to a trace of two spans.
func recorded(w http.ResponseWriter, r *http.Request) {
	http.ServeFile(w, r, "testdata/jaeger-2.13.json")
}

// Read a trace from Jaeger's query API by its id. The server stands for a Jaeger at http://127.0.0.1:16686.
func ExampleNewJaeger() {
	server := httptest.NewServer(http.HandlerFunc(recorded))
	defer server.Close()

	jaeger := tracetree.NewJaeger(server.URL, nil)
	spans, err := jaeger.Trace(context.Background(), "4bf92f3577b34da6a3ce929d0e0e4736")
	if err != nil {
		fmt.Println(err) // wraps tracetree.ErrNotFound if no span of the trace has arrived
		return
	}
	if err := tracetree.Print(os.Stdout, tracetree.Build(spans), tracetree.PrintOptions{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// trace 4bf92f3577b34da6a3ce929d0e0e4736 · 2 spans · 1 ms · 1 service: order
	//
	//               service  kind      start  took
	// POST /order   order    server           1 ms  error: boom
	// └─ process x  order    consumer         1 ms  ↑link
	//
	// ↑link: child of a span and also linked to that span
}
