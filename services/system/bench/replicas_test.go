package bench

import (
	"fmt"
	"testing"

	"traceria/services/store/postgrestest"
)

// cookingTime makes the kitchen the limit: it has twelve cooks, so a replica finishes twenty orders a second. A cook only sleeps,
// so that more kitchens deliver more until the machine is the limit.
const cookingTime = "600ms"

// Replicas is the throughput with some kitchens on one PostgreSQL.
type Replicas struct {
	Kitchens int   `json:"kitchens"`
	Trial    Trial `json:"trial"`
	// Limit says what kept it from more.
	Limit string `json:"limit"`
}

// measureReplicas delivers a burst with 1 to 8 kitchens. All services have one PostgreSQL.
func measureReplicas(t *testing.T, b *bench) {
	b.free(t)
	server := postgrestest.Start(t)
	for _, n := range b.size.replicas {
		t.Run(fmt.Sprintf("%d kitchens", n), func(t *testing.T) {
			s := b.open(t, setup{
				name: fmt.Sprintf("%d kitchens", n), kitchens: n - 1, port: server.Port,
				env: []string{"DATABASE_URL=" + server.Database(t), "KITCHEN_COOKING_TIME=" + cookingTime},
			})
			trial := s.measure(t, b.size.burst(b.size.burstTime))
			b.report.Replicas = append(b.report.Replicas, Replicas{n, trial, trial.limit()})
			t.Logf("%d kitchens: %.1f orders/s; %s", n, trial.Delivered, trial.limit())
		})
	}
}
