// Package system has the tests of the whole system that share one running system.
package system

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
