// Package sampling tests the Collector's configurations for sampling with the real Collectors and Jaeger: collector/sampling.yaml
// on one machine, and tier1.yaml with tier2.yaml on four. It counts the conversations that are whole.
//
// The comparison is tail sampling by trace, as it is usual: the same files without the two transforms around it.
package sampling

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
