package hosttest

import "go.uber.org/goleak"

// FlagGoroutines are those that neither the OpenFeature SDK nor the flagd provider ends when a provider is shut down: they
// are there as long as the process, one for each service that ran in it. How the compiler names them depends on what it
// inlines, which the race detector changes.
func FlagGoroutines() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startEventListener.func1.1"),
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startListeningAndShutdownOld.func1"),
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startListeningAndShutdownOld.(*eventExecutor).startEventListener.func3.1"),
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk-contrib/providers/flagd/pkg.(*Provider).Init.func1"),
	}
}
