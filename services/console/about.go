package console

import (
	_ "embed"
	"net/http"

	"traceria/services/console/journeys"
	"traceria/services/failure"
	"traceria/services/host"
)

// about is the answer of GET /api/about.
type aboutAnswer struct {
	Version string `json:"version"`
	// Jaeger is the address of Jaeger for a browser.
	Jaeger string `json:"jaeger"`
	// Parts says which parts of the system this console has.
	Parts        map[string]bool `json:"parts"`
	Memory       journeys.Memory `json:"memory"`
	StuckAfterMS int64           `json:"stuckAfterMs"`
	// Streams is the number of open event streams.
	Streams int `json:"streams"`
}

// about answers GET /api/about.
func (c *console) about(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	s := c.system
	return host.WriteJSON(w, http.StatusOK, aboutAnswer{
		Version: s.Version, Jaeger: c.Config.JaegerPublicURL, Memory: c.store.Memory(), StuckAfterMS: stuckAfter.Milliseconds(), Streams: c.stream.open(),
		Parts: map[string]bool{
			"counter": s.Counter != nil, "queues": s.Queues != nil, "scenarios": s.Scenarios != nil, "failures": !failure.ByServer(),
			"parts": s.Parts != nil, "jaeger": s.Older != nil,
		},
	})
}

//go:embed openapi.yaml
var document []byte

// openAPI answers GET /openapi.yaml.
func openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(document) // the caller may have closed the connection
	return nil
}
