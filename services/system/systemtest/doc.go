// Package systemtest runs the whole system for tests: the services are processes of their own, and RabbitMQ, the Collector and
// Jaeger are the real programs, with the configuration files that make up and Docker use.
//
//   - [Up] starts one system on free ports, which the tests of a package share.
//   - [StartWorld] starts RabbitMQ, the Collector and Jaeger; [World.Open] starts services with a supervisor in it.
//   - [CompareGolden] compares a trace with a golden tree in system/testdata.
package systemtest
