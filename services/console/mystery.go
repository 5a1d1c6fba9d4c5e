package console

import (
	"net/http"

	"traceria/services/host"
)

// showMystery answers GET /api/mystery.
func (c *console) showMystery(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	mystery, err := c.system.Scenarios.Mystery(r.Context())
	if err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusOK, mystery)
}

// mysteryBody is the body of POST /api/mystery. Without a seed it is a random one.
type mysteryBody struct {
	Level int    `json:"level"`
	Seed  uint64 `json:"seed"`
}

// startMystery answers POST /api/mystery.
func (c *console) startMystery(w http.ResponseWriter, r *http.Request) error {
	body, err := host.ReadJSON[mysteryBody](w, r)
	if err != nil {
		return err
	}
	mystery, err := c.system.Scenarios.StartMystery(r.Context(), body.Level, body.Seed)
	if err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusOK, mystery)
}

// hint answers POST /api/mystery/hint.
func (c *console) hint(w http.ResponseWriter, r *http.Request) error {
	text, err := c.system.Scenarios.Hint(r.Context())
	if err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusOK, map[string]string{"hint": text})
}

// guessBody is the body of POST /api/mystery/guess.
type guessBody struct {
	Keys []string `json:"keys"`
}

// mostGuessed is the most keys of a guess.
const mostGuessed = 50

// guess answers POST /api/mystery/guess.
func (c *console) guess(w http.ResponseWriter, r *http.Request) error {
	body, err := host.ReadJSON[guessBody](w, r)
	if err != nil {
		return err
	}
	if len(body.Keys) == 0 || len(body.Keys) > mostGuessed {
		return host.Invalid("keys", "has %d keys, want 1 to %d", len(body.Keys), mostGuessed)
	}
	verdict, err := c.system.Scenarios.Guess(r.Context(), body.Keys)
	if err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusOK, verdict)
}

// endMystery answers DELETE /api/mystery: the player gives up.
func (c *console) endMystery(w http.ResponseWriter, r *http.Request) error {
	verdict, err := c.system.Scenarios.EndMystery(r.Context())
	if err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusOK, verdict)
}
