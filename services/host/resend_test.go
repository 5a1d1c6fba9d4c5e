package host_test

import (
	"net/http"
	"strings"
	"testing"

	"traceria/services/event"
	"traceria/services/host"
)

// The refusal names the wrong field and the allowed routing keys.
func TestResendRefusesForeignRoutingKeys(t *testing.T) {
	t.Parallel()
	service := runAs(t, "loyalty", environment{"AMQP_URL": "amqp://guest:guest@127.0.0.1:1/"}, menu)
	own := event.LoyaltyPointsEarnedV1.RoutingKey()
	for _, body := range []string{
		`{}`, `{"routingKeys":[]}`, `{"routingKeys":["order.order-created.v1"]}`, `{"routingKeys":["` + own + `","#"]}`,
		`{"routingKeys":["LoyaltyPointsEarned"]}`,
	} {
		p := service.call(t, http.MethodPost, host.ResendPath, body).problem(t)
		if p.Status != http.StatusUnprocessableEntity || p.Field != "routingKeys" || !strings.Contains(p.Detail, own) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if p := service.call(t, http.MethodPost, host.ResendPath, `{"routingKeys":["`+own+`"],"olderThanMs":-1}`).problem(t); p.Field != "olderThanMs" {
		t.Errorf("negative age: %+v", p)
	}
	if p := service.call(t, http.MethodPost, host.ResendPath, `{"routingKeys":"all"}`).problem(t); p.Status != http.StatusBadRequest {
		t.Errorf("text instead of a list: %+v", p)
	}
	a := service.call(t, http.MethodPost, host.ResendPath, `{"routingKeys":["`+own+`"]}`)
	if want := `{"service":"loyalty","events":0}`; a.status != http.StatusAccepted || strings.TrimSpace(a.body) != want {
		t.Errorf("answered %d %s, want %s", a.status, a.body, want)
	}
}

func TestOutboxRetentionIsConfigurable(t *testing.T) {
	t.Parallel()
	if config := host.Load(host.NewEnv(environment{"TRACERIA_OUTBOX_RETENTION": "2h"}.lookup)); config.OutboxRetention.String() != "2h0m0s" {
		t.Errorf("got %s", config.OutboxRetention)
	}
	env := host.NewEnv(environment{"TRACERIA_OUTBOX_RETENTION": "8d"}.lookup)
	if host.Load(env); env.Err() == nil || !strings.Contains(env.Err().Error(), "TRACERIA_OUTBOX_RETENTION: want a duration from 1m to 24h") {
		t.Errorf("8d: %v", env.Err())
	}
}
