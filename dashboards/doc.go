// Package dashboards builds the Grafana dashboards of Traceria with the Grafana Foundation SDK. The JSON files beside it are
// generated. Grafana in Docker loads them, and every other Grafana can import them. README.md says how to read them.
//
// Each panel is written as a [panel]: a title, a sentence that says what it shows, what to do when it is red, and its
// queries. The thresholds that are alerts, too, are the same numbers as in rules/traceria.yml, and a test compares them.
package dashboards

//go:generate go run ./generate
