package host_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"traceria/services/store/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(allTests(m)) }

func allTests(m *testing.M) int {
	code := m.Run()
	if err := postgrestest.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	// Neither the OpenFeature SDK nor the flagd provider ends these when a provider is shut down: they are there as long
	// as the process, one for each service in it.
	flags := []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startEventListener.func1.1"),
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startListeningAndShutdownOld.func1"),
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk-contrib/providers/flagd/pkg.(*Provider).Init.func1"),
	}
	if err := goleak.Find(flags...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}
