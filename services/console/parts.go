package console

import (
	"context"
	"net/http"

	"traceria/services/console/journeys"
	"traceria/services/host"
)

// partsAnswer is the answer of GET /api/parts.
type partsAnswer struct {
	Parts
	Memory journeys.Memory `json:"memory"`
	// Streams is the number of open event streams.
	Streams int `json:"streams"`
}

// showParts answers GET /api/parts.
func (c *console) showParts(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, c.parts(r.Context()))
}

func (c *console) parts(ctx context.Context) partsAnswer {
	return partsAnswer{Parts: c.system.Parts(ctx), Memory: c.store.Memory(), Streams: c.stream.open()}
}
