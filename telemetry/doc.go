// Package telemetry starts the OpenTelemetry SDK for a service, gives it a logger whose lines have trace ids, and wraps its
// HTTP servers and clients.
//
//	tel, err := telemetry.Start(ctx, telemetry.Config{Service: "kitchen"})
//	...
//	defer tel.Shutdown(freshContext)
//	http.ListenAndServe(addr, tel.Handler(mux))
//
// It is the only package that imports the SDK. Instrumentation (otelamqp) gets its providers as options, so that one process
// can run several services, each under its own name in Jaeger.
//
// A business conversation (one order) can span several traces: a hop may be linked instead of parented. [WithConversation]
// puts its id into a context. Every span that starts in that context has it as traceria.conversation, and a search for it
// finds the whole conversation.
package telemetry
