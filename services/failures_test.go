package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"traceria/services/failure"
)

// failureTest switches a failure on, drives orders through services that are processes of their own, and reads from Jaeger
// the trace that it must produce, and from the services what became of the orders.
type failureTest = func(t *testing.T, b *bench)

// failureTests are the tests of all groups.
func failureTests() map[failure.Key]failureTest {
	all := map[failure.Key]failureTest{}
	for _, group := range []map[failure.Key]failureTest{consumerFailures, publisherFailures, payloadFailures, traceFailures, edgeFailures, overflowFailures, experiments} {
		maps.Copy(all, group)
	}
	return all
}

// experimentTests are elsewhere: the experiments change how the whole system works.
var experimentTests = map[failure.Key]string{}

func TestFailures(t *testing.T) {
	b := newBench(t)
	for _, entry := range failure.Catalogue() {
		if test := failureTests()[entry.Key]; test != nil {
			t.Run(string(entry.Key), func(t *testing.T) {
				b.run(t, test)
				b.searchable(t, entry)
			})
		}
	}
}

// A failure that nobody tests is only said to be there, and so is one without a text.
func TestEveryFailureHasATestAndItsTexts(t *testing.T) {
	for _, entry := range failure.Catalogue() {
		if failureTests()[entry.Key] == nil && experimentTests[entry.Key] == "" {
			t.Errorf("%s has no test", entry.Key)
		}
		texts := []string{entry.Title, entry.Breaks, entry.Where, entry.Jaeger, entry.Search, entry.Repair}
		if slices.ContainsFunc(texts, func(text string) bool { return strings.TrimSpace(text) == "" }) {
			t.Errorf("%s lacks a text", entry.Key)
		}
	}
}
