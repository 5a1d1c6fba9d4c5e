package event

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Metadata describes an event, separate from its data (the metadata/data pattern). Readers ignore unknown fields, so metadata
// can grow without a change of the data.
type Metadata struct {
	EventType string `json:"eventType"`
	Version   string `json:"version"`
	// EventID identifies the fact. All versions of one fact share it.
	EventID   string `json:"eventId"`
	EventDate Date   `json:"eventDate"`
	// Source is the service that published the event.
	Source string `json:"source,omitempty"`
	// ConversationID is the id of the business conversation: the order id, or staff-{id} for the events of a staff member.
	ConversationID string `json:"conversationId,omitempty"`
	// CausationID is the event id of the event that caused this one. It is empty if a request did.
	CausationID string `json:"causationId,omitempty"`
	// TraceParent, TraceState, ParentSpan and Baggage are the W3C context of the send span, written at send time. They repeat
	// the AMQP headers, in case an intermediary drops those.
	TraceParent string `json:"traceParent,omitempty"`
	TraceState  string `json:"traceState,omitempty"`
	// ParentSpan is the span id inside TraceParent.
	ParentSpan string `json:"parentSpan,omitempty"`
	Baggage    string `json:"baggage,omitempty"`
}

// MessageID is the id of the message in AMQP and CloudEvents: {eventId}.{version}. Each version of a fact is a message of its
// own.
func (m Metadata) MessageID() string {
	if m.Version == "" { // a CloudEvent from outside the catalogue
		return m.EventID
	}
	return m.EventID + "." + m.Version
}

// Get implements propagation.TextMapCarrier over the context fields, under their W3C names.
func (m *Metadata) Get(key string) string {
	if field := m.field(key); field != nil {
		return *field
	}
	return ""
}

// Set implements propagation.TextMapCarrier. It ignores keys other than the W3C names. With traceparent it sets parentSpan,
// too.
func (m *Metadata) Set(key, value string) {
	field := m.field(key)
	if field == nil {
		return
	}
	*field = value
	if field == &m.TraceParent {
		m.ParentSpan = ""
		if parts := bytes.Split([]byte(value), []byte("-")); len(parts) == 4 {
			m.ParentSpan = string(parts[2])
		}
	}
}

// Keys implements propagation.TextMapCarrier.
func (m *Metadata) Keys() []string { return []string{"traceparent", "tracestate", "baggage"} }

func (m *Metadata) field(key string) *string {
	switch key {
	case "traceparent":
		return &m.TraceParent
	case "tracestate":
		return &m.TraceState
	case "baggage":
		return &m.Baggage
	default:
		return nil
	}
}

// Identity tells one event from all others: source and id together, as CloudEvents 1.0 says (section 3.1.1,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#id). Two services may use the same id.
type Identity struct {
	// Source is the source attribute of the CloudEvents form.
	Source string
	// ID is the event id with a tab, which no id has, for all versions of one fact. It is the id itself for a CloudEvent whose
	// id does not name the version.
	ID string
}

// String returns source and id.
func (i Identity) String() string { return i.Source + " " + i.ID }

// Identity returns the event's identity, which is the same in both forms.
func (e Envelope) Identity() Identity {
	if e.Cloud != nil && e.Cloud.ID == e.Metadata.EventID {
		return Identity{Source: e.Cloud.Source, ID: e.Cloud.ID}
	}
	return Identity{Source: sourcePrefix + url.PathEscape(e.Metadata.Source), ID: e.Metadata.EventID + "\t"}
}

// Envelope is an event on the wire.
type Envelope struct {
	Metadata Metadata        `json:"metadata"`
	Data     json.RawMessage `json:"data"`
	// Unguarded switches the checks of [Data] off: a missing field is then zero. It exists to show what the checks prevent.
	Unguarded bool `json:"-"`
	// Cloud holds the attributes of an event that was read from the CloudEvents form. Otherwise it is nil.
	Cloud *CloudEvent `json:"-"`
}

// New wraps the forms (versions) of one fact in envelopes that share an event id and a date. The error is a [Refusal] if a
// payload is not registered or breaks its schema. The causation id is that of the event that ctx handles, if any.
func New(ctx context.Context, source, conversation string, forms ...Payload) ([]Envelope, error) {
	id, date := uuid.NewString(), Date{time.Now().UTC()}
	cause, _ := ReceiptOf(ctx)
	envelopes := make([]Envelope, 0, len(forms))
	for _, form := range forms {
		typ := form.Type()
		data, err := write(form)
		if err != nil {
			return nil, err
		}
		envelopes = append(envelopes, Envelope{
			Metadata: Metadata{
				EventType: typ.Name, Version: typ.Version, EventID: id, EventDate: date, Source: source,
				ConversationID: conversation, CausationID: cause.EventID,
			},
			Data: data,
		})
	}
	return envelopes, nil
}

// ErrUnreadable is wrapped by every error about bytes that are not a valid event. A retry cannot succeed.
var ErrUnreadable = errors.New("unreadable event")

// Decode reads an envelope in either form. A document with specversion and without metadata is a CloudEvent. The error wraps
// [ErrUnreadable] if body is not JSON, lacks type, version, id or data, or has a name or an id that cannot be stored or sent.
func Decode(body []byte) (Envelope, error) {
	return named(decode(body))
}

// DecodeAs is [Decode] for a body with a content type. A body that is declared as a CloudEvent must be one. Other content
// types, and none, are ignored.
func DecodeAs(contentType string, body []byte) (Envelope, error) {
	if media := mediaOf(contentType); media != CloudEventsContentType {
		if isStructured(contentType) {
			return Envelope{}, fmt.Errorf("%w: content type %.60q, want %s", ErrUnreadable, contentType, CloudEventsContentType)
		}
		return Decode(body)
	}
	return named(decodeCloud(body))
}

// named refuses an envelope that was read and whose names or ids cannot be stored or sent.
func named(e Envelope, err error) (Envelope, error) {
	if err == nil {
		err = e.checkNames()
	}
	if err != nil {
		return Envelope{}, err
	}
	return e, nil
}

// mediaOf returns a content type without its parameters.
func mediaOf(contentType string) string {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return strings.TrimSpace(media)
}

// isStructured reports whether a body is declared as a whole CloudEvent, or as several.
func isStructured(contentType string) bool {
	return strings.HasPrefix(mediaOf(contentType), "application/cloudevents")
}

// errNoEnvelope is the error of a message that does not say which envelope it has.
func errNoEnvelope(why string) error {
	return fmt.Errorf(`%w: no envelope was found. Tried: metadata (%s); CloudEvents structured (neither content type %s nor a member "specversion"); `+
		`CloudEvents binary (no header "specversion", "id", "source" or "type" with prefix %s)`,
		ErrUnreadable, why, CloudEventsContentType, strings.Join(binaryPrefixes, ", "))
}

// byteOrderMark may begin a text in UTF-8. RFC 8259 (section 8.1) lets a reader ignore it.
var byteOrderMark = []byte("\ufeff")

func decode(body []byte) (Envelope, error) {
	body = bytes.TrimPrefix(body, byteOrderMark)
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); !json.Valid(body) {
		return Envelope{}, errNoEnvelope(fmt.Sprintf("the body is not JSON: %v", err))
	} else if err != nil {
		return Envelope{}, errNoEnvelope("the body is a JSON " + kindOfJSON(body) + ", want an object")
	}
	switch metadata := members["metadata"]; {
	case members["specversion"] != nil && !bytes.HasPrefix(metadata, []byte("{")):
		return cloudOf(members)
	case metadata == nil:
		return Envelope{}, errNoEnvelope(`the body has no member "metadata"`)
	}
	return metadataEnvelope(members)
}

// metadataEnvelope reads the metadata/data form.
func metadataEnvelope(members map[string]json.RawMessage) (Envelope, error) {
	e := Envelope{Data: members["data"]}
	err := json.Unmarshal(exactNames(members["metadata"], metadataNames()), &e.Metadata)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Envelope{}, fmt.Errorf("%w: %s is a JSON %s", ErrUnreadable, strings.TrimSuffix("metadata."+wrong.Field, "."), wrong.Value)
	}
	if err != nil {
		return Envelope{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	for _, required := range []struct{ name, value string }{
		{"metadata.eventType", e.Metadata.EventType},
		{"metadata.version", e.Metadata.Version},
		{"metadata.eventId", e.Metadata.EventID},
		{"data", string(e.Data)},
	} {
		if required.value == "" || required.value == "null" {
			return Envelope{}, fmt.Errorf("%w: %s is missing", ErrUnreadable, required.name)
		}
	}
	return e, nil
}

// kindOfJSON names the kind of a valid JSON value that is no object.
func kindOfJSON(body []byte) string {
	switch bytes.TrimLeft(body, " \t\r\n")[0] {
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	default:
		return "number"
	}
}

// checkNames refuses names and ids that cannot be stored or sent. The error uses the names of the envelope's form.
func (e Envelope) checkNames() error {
	names := []string{"metadata.eventType", "metadata.version", "metadata.eventId", "metadata.conversationId", "metadata.source"}
	if e.Cloud != nil {
		names = []string{"CloudEvents type", "CloudEvents type", "CloudEvents id", "CloudEvents " + extConversation, "CloudEvents source"}
	}
	m := e.Metadata
	for i, value := range []string{m.EventType, m.Version, m.EventID, m.ConversationID, m.Source} {
		if len(value) > maxName {
			return fmt.Errorf("%w: %s is %d bytes long, want at most %d", ErrUnreadable, names[i], len(value), maxName)
		}
		if err := CheckText(value); err != nil {
			return fmt.Errorf("%w: %s %w", ErrUnreadable, names[i], err)
		}
	}
	return nil
}

// maxName is the largest length of an id or a name in bytes. An AMQP property holds 255 bytes (short string, AMQP 0-9-1
// section 4.2.5.3), and a message id consists of an event id and a version.
const maxName = 120

// Data decodes the payload of an envelope as T and checks it against its schema, so that a missing or renamed field is not read
// as zero. The error wraps [ErrUnreadable] for a wrong type, version or content. Unknown fields are ignored.
func Data[T Payload](e Envelope) (T, error) {
	var payload T
	want := payload.Type()
	if e.Metadata.EventType != want.Name || e.Metadata.Version != want.Version {
		return payload, fmt.Errorf("%w: got %s %s, want %s", ErrUnreadable, e.Metadata.EventType, e.Metadata.Version, want)
	}
	data := []byte(e.Data)
	if names, known := dataNames()[want]; known {
		data = exactNames(data, names)
	}
	if err := json.Unmarshal(data, &payload); err != nil {
		if wrong := check(want, e.Data); wrong != nil && json.Valid(data) { // it names the field
			return payload, fmt.Errorf("%w: %s: %w; %w", ErrUnreadable, want, err, wrong)
		}
		return payload, fmt.Errorf("%w: %s: %w", ErrUnreadable, want, err)
	}
	if e.Unguarded {
		return payload, nil
	}
	if err := payload.Validate(); err != nil {
		return payload, fmt.Errorf("%w: %s: %w", ErrUnreadable, want, err)
	}
	if err := check(want, e.Data); err != nil {
		return payload, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return payload, nil
}

// Read is [Data] for an event of any type of the catalogue. The error wraps [ErrUnreadable] if the catalogue lacks the type.
func Read(e Envelope) (Payload, error) {
	t, err := Lookup(e.Metadata.EventType, e.Metadata.Version)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return readers[t](e)
}
