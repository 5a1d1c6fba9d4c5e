package host_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"traceria/services/host"
)

func TestRepeatedJSONMemberIsRefused(t *testing.T) {
	t.Parallel()
	type body struct {
		Customer string           `json:"customer"`
		Items    []map[string]any `json:"items"`
	}
	service := run(t, func(r *host.Routes) {
		r.Command("POST /order", func(w http.ResponseWriter, req *http.Request) error {
			read, err := host.ReadJSON[body](w, req)
			if err != nil {
				return err
			}
			return host.WriteJSON(w, http.StatusOK, read)
		})
	})
	for text, field := range map[string]string{
		`{"customer":"a","customer":"b"}`:                                 "customer",
		`{"customer":"a","items":[],"Customer":"b"}`:                      "Customer",
		`{"items":[{"n":1},{"n":1,"m":{"x":["n"],"y":{}},"n":2}]}`:        "n",
		`{"items":[{"n":1},{"n":1,"m":{"x":["n","n"],"y":{"n":"n"}}}]}`:   "",
		`{"customer":"customer","items":[{"customer":"a"},{"items":[]}]}`: "",
	} {
		a := service.call(t, http.MethodPost, "/order", text)
		if field == "" {
			if a.status != http.StatusOK {
				t.Errorf("%s: %d", text, a.status)
			}
			continue
		}
		if p := a.problem(t); p.Status != http.StatusBadRequest || p.Field != field {
			t.Errorf("%s: %+v", text, p)
		}
	}
}

// The handler waits forever. The caller gets an answer after answerTime, ten seconds.
func TestSlowRequestIsAnswered(t *testing.T) {
	t.Parallel()
	service := run(t, func(r *host.Routes) {
		r.Command("POST /order", func(_ http.ResponseWriter, req *http.Request) error {
			<-req.Context().Done()
			return context.Cause(req.Context())
		})
	})
	began := time.Now()
	a := service.call(t, http.MethodPost, "/order", "{}")
	if p := a.problem(t); p.Status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("after %s: %+v, %v", time.Since(began), p, a.header)
	}
}

func TestRepeatedHeaderIsRefused(t *testing.T) {
	t.Parallel()
	service := run(t, func(r *host.Routes) {
		r.Query("GET /twice", func(w http.ResponseWriter, req *http.Request) error {
			req.Header["Idempotency-Key"] = []string{"k-1", "k-2"} // net/http merges two header lines so
			_, err := host.Header(req, "Idempotency-Key")
			return err
		})
	})
	if p := service.call(t, http.MethodGet, "/twice", "").problem(t); p.Status != http.StatusBadRequest || p.Field != "Idempotency-Key" {
		t.Errorf("%+v", p)
	}
}
