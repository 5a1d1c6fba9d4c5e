package tracetree

import (
	"fmt"
	"strings"
	"testing"
)

// anOrder is the happy path with the attributes of the conventions: what the console folds for each order, up to 200 times a second.
func anOrder() []Span {
	spans := happyPath()
	for i := range spans {
		s := &spans[i]
		s.Attributes[conversationKey] = "0198c1d2-0000-7000-8000-000000000001"
		operation, name, _ := strings.Cut(s.Name, " ")
		if operation != "send" && operation != "process" {
			continue
		}
		parts := strings.SplitN(name, ":", 3)
		s.Attributes[systemKey], s.Attributes[operationKey], s.Attributes[destinationKey] = "rabbitmq", operation, name
		s.Attributes["messaging.operation.name"], s.Attributes[routingKeyKey] = operation, parts[1]
		s.Attributes[messageIDKey] = fmt.Sprintf("0198c1d2-0000-7000-8000-%012d.%s", len(parts[1]), parts[1])
		if operation == "process" {
			s.Attributes[attemptKey], s.Attributes[settledKey] = int64(1), "ack"
		}
	}
	return spans
}

func TestTheOrderOfTheBenchmarksHasItsMessages(t *testing.T) {
	t.Parallel()
	spans := anOrder()
	if messages := Messages(spans, Routing{}); len(messages) != 11 {
		t.Errorf("%d spans have %d messages", len(spans), len(messages))
	}
}

func BenchmarkBuild(b *testing.B) {
	spans := anOrder()
	b.ReportAllocs()
	for b.Loop() {
		Build(spans)
	}
}

func BenchmarkJoin(b *testing.B) {
	tree := Build(anOrder())
	b.ReportAllocs()
	for b.Loop() {
		Join(tree)
	}
}

func BenchmarkMessages(b *testing.B) {
	spans := anOrder()
	b.ReportAllocs()
	for b.Loop() {
		Messages(spans, Routing{})
	}
}

func BenchmarkCriticalPath(b *testing.B) {
	tree := Join(Build(anOrder()))
	b.ReportAllocs()
	for b.Loop() {
		CriticalPath(tree, nil)
	}
}

func BenchmarkNewWaterfall(b *testing.B) {
	tree := Join(Build(anOrder()))
	path := CriticalPath(tree, nil)
	b.ReportAllocs()
	for b.Loop() {
		NewWaterfall(tree, path)
	}
}

func BenchmarkSummarize(b *testing.B) {
	tree := Join(Build(anOrder()))
	b.ReportAllocs()
	for b.Loop() {
		Summarize(tree)
	}
}
