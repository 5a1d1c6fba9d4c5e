package main

import "traceria/services/failure"

// publisherFailures are those of the publisher and the broker.
var publisherFailures = map[failure.Key]failureTest{}
