// Package failure has the catalogue of the failures and experiments of Traceria, and their switches.
//
// The catalogue is data (catalogue/*.yaml). The switches are OpenFeature flags of the flagd provider. The provider
// reads one file, which all services share, or asks a flagd server (FLAGD_RESOLVER=rpc).
//
// A place of injection asks [On] for its key, acts on the variant, and marks the span with [Inject]. [Suffer] marks a
// span that suffers from a failure of another span.
package failure
