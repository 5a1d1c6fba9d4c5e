package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"traceria/telemetry/otelamqp/rabbitmqtest"
)

func TestMain(m *testing.M) { os.Exit(rabbitmqtest.Main(m)) }

func TestExamplePrintsOneConnectedTrace(t *testing.T) {
	var out strings.Builder
	if err := run(context.Background(), rabbitmqtest.Shared(t).VHost(t), &out); err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`\d+(\.\d)? ms`).ReplaceAllString(out.String(), "_ ms")
	got = regexp.MustCompile(`trace [0-9a-f]{32}`).ReplaceAllString(got, "trace _")
	const want = `trace _
  send example.kitchen  producer  _ ms
    process example.kitchen  consumer  _ ms  waited _ ms  1 link
      send example.hall  producer  _ ms
        process example.hall  consumer  _ ms  waited _ ms  1 link
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
