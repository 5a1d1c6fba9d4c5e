package dashboards_test

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
