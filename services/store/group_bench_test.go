package store_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkGroup compares transactions of 16 concurrent handlers that share commits with those that have a commit each, in turns
// within one run. The ratio alone/group says how many times longer the latter take.
func BenchmarkGroup(b *testing.B) {
	const handlers, round = 16, 10
	dbs := map[string]*bundle{"group": open(b, sqliteURL(b)), "alone": open(b, sqliteURL(b))}
	dbs["alone"].CommitAlone()
	took := map[string]time.Duration{}
	var ids atomic.Int64
	n := 0
	for b.Loop() {
		n += handlers * round
		for name, db := range dbs {
			began := time.Now()
			var working sync.WaitGroup
			for range handlers {
				working.Go(func() {
					for range round {
						if err := handleOne(context.Background(), db.DB, strconv.FormatInt(ids.Add(1), 10)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			working.Wait()
			took[name] += time.Since(began)
		}
	}
	for name, all := range took {
		b.ReportMetric(float64(all.Microseconds())/float64(n), "us/"+name)
	}
	b.ReportMetric(float64(took["alone"])/float64(took["group"]), "alone/group")
}
