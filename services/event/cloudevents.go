package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
)

// The content types of the two envelopes, as in the AMQP property content-type.
const (
	MetadataContentType    = "application/json"
	CloudEventsContentType = cloudevents.ApplicationCloudEventsJSON
)

// The attributes of the correlation extension. Traceria also uses traceparent and tracestate (the distributed tracing
// extension) and baggage. https://github.com/cloudevents/spec/tree/main/cloudevents/extensions
const (
	extConversation = "correlationid"
	extCausation    = "causationid"
)

// typePrefix and sourcePrefix are the prefixes of Traceria's types and sources.
const (
	typePrefix   = "traceria."
	sourcePrefix = "urn:traceria:service:"
)

// CloudEvent holds the attributes of an event in the CloudEvents form.
type CloudEvent struct {
	SpecVersion, ID, Source, Type, Subject, DataContentType, DataSchema string
	// Extensions has the other attributes: string, json.Number or bool.
	Extensions map[string]any
}

// Encode encodes an envelope in a format, [MetadataFormat] or [CloudEventsFormat], and returns its content type. An empty format
// means MetadataFormat.
func Encode(e Envelope, format string) (contentType string, body []byte, err error) {
	contentType = MetadataContentType
	if format == CloudEventsFormat {
		contentType = CloudEventsContentType
		var c cloudevents.Event
		if c, err = cloud(e); err == nil {
			body, err = c.MarshalJSON() // json.Marshal would parse the result again
		}
	} else {
		body, err = json.Marshal(e)
	}
	if err != nil {
		return "", nil, fmt.Errorf("write the envelope of %s: %w", e.Metadata.EventType, err)
	}
	return contentType, body, nil
}

// AsCloudEvent returns the attributes of the envelope in the CloudEvents form. It fails if the event is not in the catalogue or
// has no source.
func (e Envelope) AsCloudEvent() (CloudEvent, error) {
	if e.Cloud != nil {
		return *e.Cloud, nil
	}
	t, err := Lookup(e.Metadata.EventType, e.Metadata.Version)
	if err != nil {
		return CloudEvent{}, err
	}
	m := e.Metadata
	if m.Source == "" {
		return CloudEvent{}, errors.New("a CloudEvent needs a source")
	}
	c := CloudEvent{
		SpecVersion: cloudevents.CloudEventsVersionV1, ID: m.MessageID(), Source: sourcePrefix + url.PathEscape(m.Source),
		Type: t.CloudEventsType(), Subject: m.ConversationID,
		DataContentType: cloudevents.ApplicationJSON, DataSchema: t.urn(), Extensions: map[string]any{},
	}
	for name, value := range map[string]string{
		"traceparent": m.TraceParent, "tracestate": m.TraceState, "baggage": m.Baggage,
		extConversation: m.ConversationID, extCausation: m.CausationID,
	} {
		if value != "" {
			c.Extensions[name] = value
		}
	}
	return c, nil
}

// cloud converts the envelope to an event of the CloudEvents SDK and validates it.
func cloud(e Envelope) (cloudevents.Event, error) {
	e.Cloud = nil // the attributes that were read may be stale
	said, err := e.AsCloudEvent()
	if err != nil {
		return cloudevents.Event{}, err
	}
	c := standard(said, e.Metadata.EventDate.UTC())
	c.DataEncoded = e.Data
	return c, c.Validate()
}

// standard makes an event of the SDK. The SDK collects errors, which Validate returns.
func standard(said CloudEvent, at time.Time) cloudevents.Event {
	c := cloudevents.New(said.SpecVersion)
	c.SetID(said.ID)
	c.SetSource(said.Source)
	c.SetType(said.Type)
	c.SetSubject(said.Subject)
	c.SetTime(at)
	c.SetDataSchema(said.DataSchema)
	c.SetDataContentType(said.DataContentType)
	for name, value := range said.Extensions {
		if number, ok := value.(json.Number); ok {
			value = number.String() // the SDK refuses integers of more than 32 bits
		}
		c.SetExtension(name, value)
	}
	return c
}

// decodeCloud decodes a CloudEvent in the structured JSON form. It parses with encoding/json, because the SDK's parser accepts
// invalid JSON and panics if data_base64 is not a string. The SDK validates the attributes.
func decodeCloud(body []byte) (Envelope, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(body, byteOrderMark), &members); err != nil {
		return Envelope{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return cloudOf(members)
}

// requiredAttributes are those that each CloudEvent has (CloudEvents 1.0, section 3.1).
var requiredAttributes = []string{"specversion", "id", "source", "type"}

// cloudOf returns the event with these attributes and data.
func cloudOf(members map[string]json.RawMessage) (Envelope, error) {
	said, at, err := attributes(members)
	if err != nil {
		return Envelope{}, fmt.Errorf("%w: CloudEvents %w", ErrUnreadable, err)
	}
	valid := said
	valid.Source = sourcePrefix // attributes has checked the source, and the SDK refuses some legal ones
	if err := standard(valid, at).Validate(); err != nil {
		return Envelope{}, fmt.Errorf("%w: CloudEvents %s", ErrUnreadable, oneLine(err))
	}
	e := Envelope{Metadata: metadataOf(said, at), Cloud: &said}
	if e.Data, err = dataOf(members, said.DataContentType, e.Metadata); err != nil {
		return Envelope{}, fmt.Errorf("%w: CloudEvents %w", ErrUnreadable, err)
	}
	return e, nil
}

// attributes reads all members except the data. An attribute that is null counts as absent (JSON format 1.0.2, section 2.2).
func attributes(members map[string]json.RawMessage) (said CloudEvent, at time.Time, err error) {
	said.Extensions = map[string]any{}
	var moment string
	known := map[string]*string{
		"specversion": &said.SpecVersion, "id": &said.ID, "source": &said.Source, "type": &said.Type, "time": &moment,
		"subject": &said.Subject, "datacontenttype": &said.DataContentType, "dataschema": &said.DataSchema,
	}
	for name, field := range known {
		if raw := members[name]; there(raw) {
			if err := json.Unmarshal(raw, field); err != nil {
				return said, at, fmt.Errorf("%s is not text", name)
			}
		}
	}
	for _, name := range requiredAttributes {
		if strings.TrimSpace(*known[name]) == "" {
			return said, at, fmt.Errorf("%s is missing", name)
		}
	}
	if said.SpecVersion != cloudevents.CloudEventsVersionV1 {
		return said, at, fmt.Errorf("specversion is %.12q, want %q", said.SpecVersion, cloudevents.CloudEventsVersionV1)
	}
	if !isURIReference(said.Source) {
		return said, at, fmt.Errorf("source %.60q is not a URI reference (RFC 3986)", said.Source)
	}
	for name, raw := range members {
		if _, ok := known[name]; ok || name == "data" || name == "data_base64" || !there(raw) {
			continue
		}
		if said.Extensions[name], err = extension(raw); err != nil {
			return said, at, fmt.Errorf("%.60q: %w", name, err)
		}
	}
	if moment != "" {
		if at, err = parseTime(moment); err != nil {
			return said, at, err
		}
		if err := (Date{at}).Check(); err != nil {
			return said, at, fmt.Errorf("time %.40q: %w", moment, err)
		}
	}
	return said, at, nil
}

// extension reads the value of an extension attribute.
func extension(raw json.RawMessage) (any, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	switch value.(type) {
	case string, bool, json.Number:
		return value, nil
	default:
		return nil, errors.New("want text, a number, or true or false")
	}
}

// metadataOf converts the attributes of a CloudEvent to metadata. An event from outside keeps its type and source.
func metadataOf(said CloudEvent, at time.Time) Metadata {
	m := Metadata{EventDate: Date{at}}
	m.EventType, m.Version = typeOf(said.Type)
	m.EventID, m.Source = said.ID, said.Source
	if service, ours := strings.CutPrefix(said.Source, sourcePrefix); ours {
		if name, err := url.PathUnescape(service); err == nil && name != "" && url.PathEscape(name) == service {
			m.Source = name
			if id, ours := strings.CutSuffix(said.ID, "."+m.Version); ours && m.Version != "" && id != "" {
				m.EventID = id
			}
		}
	}
	m.ConversationID, _ = said.Extensions[extConversation].(string)
	m.CausationID, _ = said.Extensions[extCausation].(string)
	for _, key := range m.Keys() {
		if value, ok := said.Extensions[key].(string); ok {
			m.Set(key, value)
		}
	}
	return m
}

// CloudEventsType is the type attribute in the CloudEvents form: traceria.order.order-confirmed.v1.
func (t Type) CloudEventsType() string { return typePrefix + t.RoutingKey() }

var ourVersion = regexp.MustCompile(`^v[0-9]+$`)

// typeOf returns name and version for a CloudEvents type. A type that is not in the catalogue keeps its full name.
func typeOf(text string) (name, version string) {
	key, ours := strings.CutPrefix(text, typePrefix)
	if !ours {
		return text, ""
	}
	if i := slices.IndexFunc(Catalogue, func(t Type) bool { return t.RoutingKey() == key }); i >= 0 {
		return Catalogue[i].Name, Catalogue[i].Version
	}
	if i := strings.LastIndexByte(text, '.'); ourVersion.MatchString(text[i+1:]) {
		return text[:i], text[i+1:]
	}
	return text, ""
}

// oneLine joins the lines of an SDK error, one for each attribute, in a fixed order.
func oneLine(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}
