// Package failure is the catalogue of what can be broken in Traceria while it runs, and the switches that do it.
//
// The catalogue is data (catalogue/*.yaml). The switches are OpenFeature flags, evaluated by the flagd provider from one
// file that all services follow, or by a flagd server (FLAGD_RESOLVER=rpc). Place of injection: ask [On] for a key where
// the happy path has its seam, do what the variant says, and mark the span with [Inject]. A span that suffers from what
// another one injected is marked with [Suffer].
package failure
