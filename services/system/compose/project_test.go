package compose

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// downAndUp removes every container while a message waits in a queue and a failure is set. Volumes keep all of it.
func downAndUp(t *testing.T, p *system) {
	password := "docker compose exec rabbitmq cat /credentials/operator/password"
	points := `curl -s "$LOYALTY_URL/loyalty/you"`
	secret := p.run(t, password)
	p.settled(t, p.orders, time.Minute)
	p.failure(t, "set kitchen.slow=2s")
	p.run(t, "docker compose stop kitchen")
	p.place(t, 2)
	p.run(t, "docker compose --progress quiet down")
	if left := strings.TrimSpace(p.run(t, "docker compose ps --all --quiet")); left != "" {
		t.Errorf("after down there is still %s", left)
	}
	p.run(t, "docker compose --progress quiet up --wait --no-build"+parts)
	if p.run(t, password) != secret {
		t.Error("the operator has another password")
	}
	p.settled(t, p.orders, time.Minute)
	kept := slices.ContainsFunc(read[[]status](t, p.shell, "docker compose exec console traceria failure list --json"),
		func(s status) bool { return s.Key == "kitchen.slow" && s.Active != nil && s.Active.Variant == "2s" })
	if !kept {
		t.Error("the failure that was set is gone")
	}
	p.failure(t, "clear")
	if earned := read[struct{ Points int }](t, p.shell, points); earned.Points == 0 {
		t.Error("the customer's points are gone")
	}
	p.healthy(t)
}

// secondSystem starts another project with other ports, as the head of docker-compose.yml says.
func secondSystem(t *testing.T, p *system) {
	ports := freePorts(t)
	file := envFile(t, ports)
	compose := "docker compose --project-name traceria-second --env-file " + file
	second := &system{shell: p.in(addresses(ports)...)}
	t.Cleanup(func() {
		if t.Failed() {
			report(t, second.in("COMPOSE_PROJECT_NAME=traceria-second", "COMPOSE_ENV_FILES="+file))
		}
		if _, err := p.try(cleaning(t), compose+" --progress quiet down --volumes --timeout 5"); err != nil {
			t.Error(err)
		}
	})
	second.run(t, compose+" --progress quiet up --wait --no-build"+parts)
	second.place(t, 2)
	p.place(t, 2)
	second.settled(t, second.orders, time.Minute)
	p.settled(t, p.orders, time.Minute)
	theirs := second.orders[0]
	p.refused(t, `curl -s --fail "$ORDER_URL/order/`+theirs+`"`)
	one := read[answer](t, second.shell, `curl -s "$ORDER_URL/order/`+theirs+`"`)
	if want := fmt.Sprintf("http://localhost:%d/trace/%s", ports["TRACERIA_JAEGER_PORT"], one.TraceID); one.Links.Jaeger != want {
		t.Errorf("links.jaeger of the second system is %q, want %q", one.Links.Jaeger, want)
	}
	second.run(t, compose+" exec order /traceria trace "+theirs)
	second.run(t, compose+" stop rabbitmq")
	p.buy(t, "--wait")
}
