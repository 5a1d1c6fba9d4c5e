package console_test

import (
	"testing"

	"go.uber.org/goleak"

	"traceria/services/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, hosttest.FlagGoroutines()...) }
