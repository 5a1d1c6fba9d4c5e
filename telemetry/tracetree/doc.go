// Package tracetree folds the spans of a trace into a tree that a person can read and a test can compare.
//
// A trace arrives as a heap of spans, in any order, from several services. Each span names its parent. [Build]
// puts every span under the one that caused it, [Print] writes the result:
//
//	spans, err := tracetree.NewJaeger("http://127.0.0.1:16686", nil).Conversation(ctx, orderID)
//	...
//	err = tracetree.Print(os.Stdout, tracetree.Build(spans), tracetree.PrintOptions{})
//
// An asynchronous trace is read from the top down, and the time of a hop from two columns: "took" is how long
// the work lasted, and "waited" how long the message lay in its queue before. A span that names a parent which
// nobody reported stands at the top with a warning: there the context was lost.
//
// [Shape] is the same tree without anything that changes from run to run. A test keeps it as a golden file and
// compares it with [Compare]:
//
//	if diff := tracetree.Compare(golden, tracetree.Shape(tree)); diff != "" {
//		t.Error(diff)
//	}
//
// The package knows neither the OpenTelemetry SDK nor Traceria's services. [Jaeger] reads spans from Jaeger's
// query API; package telemetry makes them from spans that the SDK kept in memory.
package tracetree
