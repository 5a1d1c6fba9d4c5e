// Package chaos breaks one part of the running system at a time while customers order, and counts afterwards.
package chaos

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
