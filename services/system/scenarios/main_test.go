// Package scenarios runs the guided scenarios on the whole system.
package scenarios

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
