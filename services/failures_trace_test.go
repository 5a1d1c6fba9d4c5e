package main

import "traceria/services/failure"

// traceFailures are those of the trace itself.
var traceFailures = map[failure.Key]failureTest{}
