package main

import "traceria/services/failure"

// payloadFailures are those of what an event says.
var payloadFailures = map[failure.Key]failureTest{}
