package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"traceria/services/system/systemtest"
)

// oneAtATime is the workload that is no part of a message's whole way.
const oneAtATime = "publish, one at a time"

// Peer is a line of the comparison in telemetry/otelamqp/peers.
type Peer struct {
	Workload string  `json:"workload"`
	Library  string  `json:"library"`
	Rate     float64 `json:"messagesPerSecond"`
	Ratio    float64 `json:"ofAMQP091Go"`
	Low      float64 `json:"lowerQuartile"`
	High     float64 `json:"upperQuartile"`
	CPU      float64 `json:"clientCPUMicrosecondsPerMessage"`
}

// measurePeers compares otelamqp with other libraries, which only the module peers needs.
func measurePeers(t *testing.T, b *bench) {
	b.free(t)
	result := filepath.Join(t.TempDir(), "peers.json")
	cmd := exec.CommandContext(t.Context(), "go", "test", "-C", filepath.Dir(systemtest.InRepository(t, "telemetry/otelamqp/peers/go.mod")),
		"-run", "^$", "-bench", "Peers", "-benchtime", "1x", "-timeout", "30m", ".")
	cmd.Env = append(os.Environ(), "PEERS_JSON="+result, fmt.Sprintf("PEERS_ROUNDS=%d", b.size.peerRounds))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compare the libraries: %v\n%s", err, out)
	}
	text, err := os.ReadFile(result)
	if err == nil {
		err = json.Unmarshal(text, &b.report.Peers)
	}
	if err != nil {
		t.Fatal(err)
	}
}
