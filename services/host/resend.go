package host

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"traceria/services/event"
	"traceria/services/store"
)

// ResendPath is the route that publishes some of the service's events again: POST with a [Resend].
const ResendPath = "/outbox/resend"

// Resend is the body of POST /outbox/resend. It selects published events by routing key among those still kept
// (TRACERIA_OUTBOX_RETENTION). A consumer that has handled an event treats the copy as a duplicate.
type Resend struct {
	RoutingKeys []string `json:"routingKeys"`
	// OlderThanMS excludes events that were published within the last so many milliseconds.
	OlderThanMS int64 `json:"olderThanMs,omitempty"`
}

// Resending is the answer. Events counts the messages that will be sent again. Unconfirmed messages are sent again too
// and not counted.
type Resending struct {
	Service string `json:"service"`
	Events  int    `json:"events"`
}

// resend answers as soon as the request is stored in the database. The process that relays the outbox carries it out.
func (r *runner) resend(w http.ResponseWriter, req *http.Request) error {
	request, err := ReadJSON[Resend](w, req)
	if err != nil {
		return err
	}
	own := r.routingKeys()
	if len(request.RoutingKeys) == 0 {
		return Invalid("routingKeys", "want at least one of %s", strings.Join(own, ", "))
	}
	slices.Sort(request.RoutingKeys)
	request.RoutingKeys = slices.Compact(request.RoutingKeys)
	for _, key := range request.RoutingKeys {
		if !slices.Contains(own, key) {
			return Invalid("routingKeys", "%s publishes no event with the routing key %.100q; want one of %s", r.name, key, strings.Join(own, ", "))
		}
	}
	if request.OlderThanMS < 0 || request.OlderThanMS > store.MostKeepSent.Milliseconds() {
		return Invalid("olderThanMs", "want 0 to %d", store.MostKeepSent.Milliseconds())
	}
	before := time.Now().Add(-time.Duration(request.OlderThanMS) * time.Millisecond)
	n, err := r.db.Resend(req.Context(), request.RoutingKeys, before)
	if err != nil {
		return err
	}
	r.tel.Log.Info().Ctx(req.Context()).Strs("routing_keys", request.RoutingKeys).Int("events", n).
		Msg("resend requested")
	return WriteJSON(w, http.StatusAccepted, Resending{Service: r.name, Events: n})
}

// routingKeys returns the routing keys of the service's own events.
func (r *runner) routingKeys() []string {
	var keys []string
	for _, typ := range event.Catalogue {
		if typ.Domain == r.name {
			keys = append(keys, typ.RoutingKey())
		}
	}
	return keys
}
