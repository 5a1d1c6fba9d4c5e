package host

import (
	"net/http"
	"regexp"

	"traceria/services/event"
)

// SentPath is the route that shows an event of the service: GET with a message id.
const SentPath = "/outbox/{messageId}"

// messageIDForm is the form of [event.Metadata.MessageID] for an event of the catalogue.
var messageIDForm = regexp.MustCompile(`^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.v[1-9][0-9]{0,2}$`)

// SentEvent is the answer: the event as the service stored it. It has no trace context, which the relay adds at the send. A failure of the
// catalogue that changes messages at the send is not in it either.
type SentEvent struct {
	Metadata event.Metadata `json:"metadata"`
	Data     any            `json:"data"`
}

// sent answers with an event from the outbox, which keeps sent events for TRACERIA_OUTBOX_RETENTION.
//
// An event may have an address, which the Collector removes from spans. This route shows it, as GET /order/{id} and
// GET /delivery/{orderId} do. All of them are open on loopback and in the network of the project only. A service that is open
// to others needs a login for all of them.
func (r *runner) sent(w http.ResponseWriter, req *http.Request) error {
	id := req.PathValue("messageId")
	form := messageIDForm.FindStringSubmatch(id)
	if form == nil {
		return Invalid("messageId", "is %.200q, want the id of a message: an event id, a dot and a version, such as 0b9e3a52-6f0e-4c58-9d3e-2d7c7a4a9f10.v2", id)
	}
	e, found, err := r.db.Find(req.Context(), form[1], id)
	if err != nil {
		return err
	}
	if !found {
		return NotFound("%s has no event with the message id %s. It has its own events, which it keeps for %s after they were sent (TRACERIA_OUTBOX_RETENTION)",
			r.name, id, r.options.Config.OutboxRetention)
	}
	return WriteJSON(w, http.StatusOK, SentEvent{e.Metadata, e.Data})
}
