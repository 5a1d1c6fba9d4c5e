// Package failures tests that each key of the catalogue produces the trace that its text promises. The functions want…
// return the fault of a span or a tree, or "".
package failures

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
