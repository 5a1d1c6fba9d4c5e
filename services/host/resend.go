package host

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"traceria/services/event"
	"traceria/services/store"
)

// ResendPath is where a service takes the wish to have some of its events published again: [Resend], POST.
const ResendPath = "/outbox/resend"

// Resend is the body of POST /outbox/resend: publish again all that was published with one of these routing keys and is
// still kept (TRACERIA_OUTBOX_RETENTION). Whoever has an event already takes it for a duplicate.
type Resend struct {
	RoutingKeys []string `json:"routingKeys"`
	// OlderThanMS leaves out what was published within so many milliseconds; 0 leaves out nothing.
	OlderThanMS int64 `json:"olderThanMs,omitempty"`
}

// Resending is the answer: how many messages are sent again. Those that were on their way at that moment are too, and
// are not counted.
type Resending struct {
	Service string `json:"service"`
	Events  int    `json:"events"`
}

// resend answers when the wish is in the database: it is fulfilled by whichever process relays.
func (r *runner) resend(w http.ResponseWriter, req *http.Request) error {
	wish, err := ReadJSON[Resend](w, req)
	if err != nil {
		return err
	}
	own := r.routingKeys()
	if len(wish.RoutingKeys) == 0 {
		return Invalid("routingKeys", "want at least one of %s", strings.Join(own, ", "))
	}
	slices.Sort(wish.RoutingKeys)
	wish.RoutingKeys = slices.Compact(wish.RoutingKeys)
	for _, key := range wish.RoutingKeys {
		if !slices.Contains(own, key) {
			return Invalid("routingKeys", "%s publishes nothing with the routing key %.100q; it has %s", r.name, key, strings.Join(own, ", "))
		}
	}
	if wish.OlderThanMS < 0 || wish.OlderThanMS > store.MostKeepSent.Milliseconds() {
		return Invalid("olderThanMs", "want 0 to %d", store.MostKeepSent.Milliseconds())
	}
	before := time.Now().Add(-time.Duration(wish.OlderThanMS) * time.Millisecond)
	n, err := r.db.Resend(req.Context(), wish.RoutingKeys, before)
	if err != nil {
		return err
	}
	r.tel.Log.Info().Ctx(req.Context()).Strs("routing_keys", wish.RoutingKeys).Int("events", n).
		Msg("asked to publish again what was published")
	return WriteJSON(w, http.StatusAccepted, Resending{Service: r.name, Events: n})
}

// routingKeys are those of the service's own events.
func (r *runner) routingKeys() []string {
	var keys []string
	for _, typ := range event.Catalogue {
		if typ.Domain == r.name {
			keys = append(keys, typ.RoutingKey())
		}
	}
	return keys
}
