package chaos

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// stopsOfEach is the number of stops per service.
const stopsOfEach = 4

// Every service is stopped with SIGTERM under load and restarted. It exits with 0 within ten seconds, its work is done
// and acked, and its spans are exported. So every trace is complete, and no message is redelivered.
func servicesStopped() fault {
	return fault{name: "services-stopped", begins: 0.05, longer: 6 * time.Second, traces: everyTrace, inject: func(t *testing.T, p *trial) {
		var all sync.WaitGroup
		for _, s := range p.Services {
			all.Go(func() {
				for range stopsOfEach {
					time.Sleep(500*time.Millisecond + rand.N(2*time.Second))
					// Before main runs, SIGTERM ends the process with an error, so wait until it listens.
					for status := 0; status != http.StatusOK; time.Sleep(20 * time.Millisecond) {
						if t.Failed() {
							return
						}
						status, _ = p.Answer("http://" + p.Addresses[s.Name] + "/healthz")
					}
					if err := s.Restart(); err != nil {
						t.Errorf("%s: %v", s.Name, err)
						return
					}
				}
			})
		}
		all.Wait()
	}, checkTree: noMessageTwice}
}

func noMessageTwice(tree *tracetree.Tree) string {
	for _, span := range tree.Spans() {
		if span.Attributes["traceria.message.duplicate"] == true {
			return "a handled message was redelivered: " + span.Name
		}
	}
	return ""
}
