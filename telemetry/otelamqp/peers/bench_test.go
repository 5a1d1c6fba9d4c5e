package peers

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// The messages of one measurement are few, so that the libraries alternate quickly.
const (
	many       = 2000
	few        = 150
	unlimited  = 256 // unconfirmed messages
	oneAtATime = 1
)

// workload is one measured use. A client goes through all of them in their order.
type workload struct {
	name     string
	messages int
	window   int // 0: consume what was published before
}

const (
	publishing256 = "publish, window 256"
	consuming100  = "consume, prefetch 100"
)

var workloads = []workload{
	{name: publishing256, messages: many, window: unlimited},
	{name: consuming100, messages: many},
	{name: "publish, one at a time", messages: few, window: oneAtATime},
}

// measurement holds messages per second, and the processor time of this process in microseconds per message.
type measurement struct{ rate, cpu float64 }

// BenchmarkPeers compares the libraries against one broker. They alternate in random order in every round, and the ratios are
// medians over the rounds, so other load affects all of them. PEERS_ROUNDS sets the number of rounds (default 20). The file
// that PEERS_JSON names gets the result.
func BenchmarkPeers(b *testing.B) {
	rounds := 20
	if n, err := strconv.Atoi(os.Getenv("PEERS_ROUNDS")); err == nil && n > 0 {
		rounds = n
	}
	url := rabbitmqtest.Shared(b).VHost(b)
	all := peers()
	clients, empty := make([]client, len(all)), make([]func(), len(all))
	for i, p := range all {
		clients[i], empty[i] = opened(b, p, url)
	}
	results := map[string]map[string][]measurement{}
	for _, w := range workloads {
		results[w.name] = map[string][]measurement{}
	}
	b.ResetTimer()
	for round := range rounds + 1 {
		for _, i := range rand.Perm(len(all)) {
			for _, w := range workloads {
				if w.window > 0 {
					empty[i]()
				}
				m := measure(b, all[i], clients[i], w)
				if round > 0 { // the first round is a warm-up
					results[w.name][all[i].name] = append(results[w.name][all[i].name], m)
				}
			}
		}
	}
	b.StopTimer()
	report(b, all, results)
}

func measure(b *testing.B, p peer, c client, w workload) measurement {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	bodies := make([][]byte, w.messages)
	body := []byte(strings.Repeat("x", bodySize))
	for i := range bodies {
		bodies[i] = body
	}
	before, start := cpuTime(b), time.Now()
	var err error
	end := func() error { return nil }
	if w.window > 0 {
		err = c.publish(ctx, bodies, w.window)
	} else {
		end, err = c.consume(ctx, w.messages, func([]byte) {})
	}
	took, cpu := time.Since(start), cpuTime(b)-before
	if err == nil {
		err = end()
	}
	if err != nil {
		b.Fatalf("%s: %s: %v", p.name, w.name, err)
	}
	return measurement{float64(w.messages) / took.Seconds(), float64(cpu.Nanoseconds()) / 1e3 / float64(w.messages)}
}

// cpuTime returns the processor time of this process.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
