// Package failures tests that each key of the catalogue produces the trace that its text promises.
package failures

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
