// Package host is what every service runs on: its configuration from the environment, its HTTP server, its
// database, its connections to the broker, and a start and a stop in the right order. What a service does is in
// the service's own package; what all of them do alike is here.
package host
