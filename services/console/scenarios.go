package console

import (
	"errors"
	"net/http"

	"traceria/services/host"
)

// listScenarios answers GET /api/scenarios.
func (c *console) listScenarios(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, some(c.system.Scenarios.List()))
}

// showScenario answers GET /api/scenarios/{name}.
func (c *console) showScenario(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	shown, err := c.system.Scenarios.Show(r.PathValue("name"))
	if err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusOK, shown)
}

// runScenario answers POST /api/scenarios/{name}/run.
func (c *console) runScenario(w http.ResponseWriter, r *http.Request) error {
	if err := c.system.Scenarios.Start(r.Context(), r.PathValue("name")); err != nil {
		return ofScenarios(err)
	}
	return host.WriteJSON(w, http.StatusAccepted, c.system.Scenarios.Current())
}

// currentRun answers GET /api/runs/current.
func (c *console) currentRun(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, c.system.Scenarios.Current())
}

// cancelRun answers DELETE /api/runs/current.
func (c *console) cancelRun(w http.ResponseWriter, _ *http.Request) error {
	c.system.Scenarios.Cancel()
	return host.WriteJSON(w, http.StatusOK, c.system.Scenarios.Current())
}

// ofScenarios is the answer for an error of [Scenarios].
func ofScenarios(err error) error {
	switch {
	case errors.Is(err, ErrNoScenario), errors.Is(err, ErrNoMystery):
		return host.NotFound("%v", err)
	case errors.Is(err, ErrBusy), errors.Is(err, ErrRefused), errors.Is(err, ErrMystery):
		return host.Conflict("%v", err)
	default:
		return err
	}
}
