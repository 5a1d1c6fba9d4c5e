package rabbitmqtest

import (
	"flag"
	"testing"
)

// skipShort skips a test that needs a broker when the tests run with -short.
func skipShort(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a RabbitMQ, which -short leaves out")
	}
}

// skipExamplesShort leaves the package's examples out when the tests run with -short: an example cannot skip itself.
func skipExamplesShort() {
	if !flag.Parsed() {
		flag.Parse()
	}
	if skip := flag.Lookup("test.skip"); testing.Short() && skip.Value.String() == "" {
		_ = skip.Value.Set("^Example") // a pattern without a fault
	}
}
