package order

import (
	"os"
	"testing"

	"traceria/services/host/hosttest"
)

func TestMain(m *testing.M) { os.Exit(hosttest.Main(m)) }
