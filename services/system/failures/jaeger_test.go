package failures

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// trace reads the trace until wanted returns "". After 20 s it fails the test with the last fault.
func (st *stage) trace(t *testing.T, traceID string, wanted func(tree *tracetree.Tree) string) *tracetree.Tree {
	t.Helper()
	return awaitTree(t, "the trace "+traceID, wanted, func() ([]tracetree.Span, error) {
		return st.Jaeger.Trace(t.Context(), traceID)
	})
}

// conversation is trace for all traces of the order's conversation.
func (st *stage) conversation(t *testing.T, orderID string, wanted func(tree *tracetree.Tree) string) *tracetree.Tree {
	t.Helper()
	return awaitTree(t, "the conversation "+orderID, wanted, func() ([]tracetree.Span, error) {
		return st.Jaeger.Conversation(t.Context(), orderID)
	})
}

// conversationAtRest returns the conversation after no more spans arrive.
func (st *stage) conversationAtRest(t *testing.T, orderID string) *tracetree.Tree {
	t.Helper()
	spans, err := tracetree.ReadAtRest(t.Context(), func(ctx context.Context) ([]tracetree.Span, error) {
		return st.Jaeger.Conversation(ctx, orderID)
	}, 30*time.Second)
	if err != nil {
		t.Fatalf("read the conversation %s: %v", orderID, err)
	}
	return tracetree.Build(spans)
}

func awaitTree(t *testing.T, what string, wanted func(*tracetree.Tree) string, read func() ([]tracetree.Span, error)) *tracetree.Tree {
	t.Helper()
	var tree *tracetree.Tree
	fault := "never read"
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		spans, err := read()
		if err != nil {
			fault = err.Error()
			continue
		}
		tree = tracetree.Build(spans)
		if fault = wanted(tree); fault == "" {
			return tree
		}
	}
	shape := ""
	if tree != nil {
		shape = tracetree.Shape(tree)
	}
	t.Fatalf("%s: %s\n%s", what, fault, shape)
	return nil
}

// completeTree places an order and returns its tree when Jaeger has all of it. complete checks what the experiment
// adds.
func (st *stage) completeTree(t *testing.T, complete func(tree *tracetree.Tree) string) *tracetree.Tree {
	t.Helper()
	order := st.place(t, "")
	st.awaitStatus(t, order, "delivered")
	st.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return firstFault(wantSpans(lastEvent, lastOf(tree), 1), wantComplete(tree), complete(tree),
			wantSpans("of the points", spansOf(tree, "order", "process events:loyalty.loyalty-points-earned"), 1), wantClean(tree))
	})
	st.wantWhole(t, order)
	return st.Tree(t, order.TraceID)
}

// instances returns the service.instance.id of the first and of the last span of the trace whose name contains part.
func (st *stage) instances(t *testing.T, traceID, part string) (earliest, latest string) {
	t.Helper()
	status, body := st.Answer(st.jaegerURL + "/api/traces/" + traceID)
	if status != http.StatusOK {
		t.Fatalf("Jaeger answers %d: %.200s", status, body)
	}
	var answer struct {
		Data []struct {
			Spans []struct {
				OperationName, ProcessID string
				StartTime                int64
			}
			Processes map[string]struct {
				Tags []struct {
					Key   string
					Value any
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data) == 0 {
		t.Fatalf("%v in %.200s", err, body)
	}
	spans := answer.Data[0].Spans
	slices.SortFunc(spans, func(a, b struct {
		OperationName, ProcessID string
		StartTime                int64
	},
	) int {
		return int(a.StartTime - b.StartTime)
	})
	for _, span := range spans {
		if !strings.Contains(span.OperationName, part) {
			continue
		}
		for _, tag := range answer.Data[0].Processes[span.ProcessID].Tags {
			if tag.Key == "service.instance.id" {
				latest = fmt.Sprint(tag.Value)
			}
		}
		if earliest == "" {
			earliest = latest
		}
	}
	return earliest, latest
}
