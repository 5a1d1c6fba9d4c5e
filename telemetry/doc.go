// Package telemetry makes a service visible: it starts the OpenTelemetry SDK for it, gives it a logger whose
// lines carry the trace, and wraps its HTTP servers and clients.
//
//	tel, err := telemetry.Start(ctx, telemetry.Config{Service: "kitchen"})
//	...
//	defer tel.Shutdown(freshContext)
//	http.ListenAndServe(addr, tel.Handler(mux))
//
// It is the only package that imports the SDK. Instrumentation (otelamqp) is given providers and never knows
// who made them, so that one process can hold several services, each under its own name in Jaeger.
//
// A business conversation (one order) can be longer than a trace: a hop may be linked instead of parented, an
// hour may pass. [WithConversation] puts its id into a context, and every span that starts under that context
// carries it as traceria.conversation; a search for it finds the whole story.
package telemetry
