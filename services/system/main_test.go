// Package system tests the whole system. Its tests share one running system.
package system

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
