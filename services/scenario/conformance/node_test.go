package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/scenario/conformance"
	"traceria/services/system/systemtest"
)

// varying is what differs from run to run.
var varying = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "{uuid}"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "{trace}"},
	{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "{span}"},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "{jaeger}"},
	{regexp.MustCompile(`\b\d+ ms\b`), "{n} ms"},
}

func goldenReport(t *testing.T, name string, r conformance.Report) {
	t.Helper()
	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, v := range varying {
		got = v.pattern.ReplaceAllString(got, v.with)
	}
	path := filepath.Join("testdata", name+".txt")
	if *systemtest.Update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s\n%s", path, diff, &out)
	}
}

// A consumer in Node with OpenTelemetry's instrumentation of amqplib has the names from before 1.17. It keeps the context in the
// mode parent. With useLinksForConsume the instrumentation loses the baggage. The other modes break one rule each on purpose.
func TestAConsumerInNode(t *testing.T) {
	b, dir := newBench(t), nodeFolder(t)
	for mode, holds := range map[string]bool{"parent": true, "link": false, "ack-early": false, "bare": false, "silent": false} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			options := b.options("courier-" + mode)
			if mode == "silent" {
				options.Timeout = 12 * time.Second // it publishes nothing, and the run waits for that
			}
			b.node(t, dir, options, mode)
			report, err := conformance.Run(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			if report.Holds != holds || report.Current || len(report.Messages) != conformance.DefaultCount {
				t.Errorf("holds %t, want %t; current %t; %d messages", report.Holds, holds, report.Current, len(report.Messages))
			}
			goldenReport(t, "node-"+mode, report)
		})
	}
}
