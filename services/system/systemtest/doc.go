// Package systemtest runs the whole system for tests. Each service is a process of its own. RabbitMQ, the Collector and
// Jaeger are the real programs, with the configuration files of make up and Docker.
//
//   - [Up] starts one system on free ports, which the tests of a package share.
//   - [StartWorld] starts RabbitMQ, the Collector and Jaeger. [World.Open] starts services under a supervisor in it.
//   - [CompareGolden] compares a trace with a golden tree in system/testdata.
package systemtest
