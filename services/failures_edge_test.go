package main

import "traceria/services/failure"

// edgeFailures are those of the synchronous edge and of the business.
var edgeFailures = map[failure.Key]failureTest{}
