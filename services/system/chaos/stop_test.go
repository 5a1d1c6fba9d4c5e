package chaos

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// stopsOfEach is how often each service is stopped.
const stopsOfEach = 4

// Every service is stopped as its users stop it, in the middle of its work, and started again: it ends with 0 within ten
// seconds, what it had begun is done and acked, and its spans are sent. So every trace is whole, and no message comes a
// second time because its ack was forgotten.
func servicesStopped() fault {
	return fault{name: "services-stopped", begins: 0.05, longer: 6 * time.Second, traces: everyTrace, inject: func(t *testing.T, p *trial) {
		var all sync.WaitGroup
		for _, s := range p.Services {
			all.Go(func() {
				for range stopsOfEach {
					time.Sleep(500*time.Millisecond + rand.N(2*time.Second))
					// Before it listens there is nothing to finish, and before main the signal ends it as it ends any program.
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
			return "a message that was done came again: " + span.Name
		}
	}
	return ""
}
