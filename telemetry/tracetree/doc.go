// Package tracetree folds the spans of a trace into a tree that a person can read and a test can compare.
//
// The spans of a trace arrive in any order and from several services. Each span names its parent. [Build] puts every span
// under its parent, and [Print] writes the tree:
//
//	spans, err := tracetree.NewJaeger("http://127.0.0.1:16686", nil).Conversation(ctx, orderID)
//	...
//	err = tracetree.Print(os.Stdout, tracetree.Build(spans), tracetree.PrintOptions{})
//
// Read an asynchronous trace from the top down. A hop has two times: "took" is the time of the work, and "waited" is the
// time of the message in its queue before ("waited ~" if it is worked out from two spans). A span whose parent is missing stands at the top with a warning: the context
// was lost there.
//
// A database transaction is one line, named by what it writes. Single statements under one span are folded into one line,
// unless [PrintOptions.Database] is set. Failed ones keep a line of their own.
//
// [Shape] returns the same tree without anything that changes from run to run. A test keeps it as a golden file and compares
// trees with it. The file may have conditions: bounds of times, attributes, spans that must not be there. GOLDEN.md describes it.
//
//	if diff := tracetree.Compare(golden, tree); diff != "" {
//		t.Error(diff)
//	}
//
// [Join] puts the traces of one story together by their links. [CriticalPath] says what the time of a story was spent on, over
// queues, back-offs and traces. [Differ] compares two stories, [NewMap] draws who talks to whom from many, and [Mermaid] writes
// a story as a sequence diagram.
//
// Spans of anybody's services are read: [MessagingOf] knows the names of the messaging conventions of all versions, for RabbitMQ,
// Kafka and other systems. [Build] works out what attributes do not tell from the spans around: the wait in a queue, the number
// of an attempt, the messages of a batch. It never changes a span; [Node.Derived] returns what it worked out.
//
// [NewWaterfall] prepares a story for a picture over time, with wait, back-off and work apart. [NewComparison] compares groups of
// stories, and [Path.Reason] says in a sentence why one took its time.
//
// The package depends neither on the OpenTelemetry SDK nor on Traceria's services. [Jaeger] reads spans from Jaeger's query
// API. Package telemetry converts the spans that the SDK keeps in memory.
package tracetree
