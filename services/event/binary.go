package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// binaryPrefixes mark the attributes of a CloudEvent in binary mode among the headers of a message. The first two are those of
// the AMQP 1.0 protocol binding (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md,
// section 3.1.3.1). The last is that of HTTP, which some senders use. There is no binding for AMQP 0-9-1.
var binaryPrefixes = []string{"cloudEvents:", "cloudEvents_", "ce-"}

// DecodeMessage reads the event of a message in any of three forms: a CloudEvent in binary mode, which has its attributes in
// headers and its data in the body; a structured CloudEvent; and metadata/data. Header values are those of an AMQP table. The
// error is that of [DecodeAs].
func DecodeMessage(contentType string, headers map[string]any, body []byte) (Envelope, error) {
	if isStructured(contentType) || !isBinary(headers) {
		return DecodeAs(contentType, body)
	}
	return named(decodeBinary(contentType, headers, body))
}

// isBinary reports whether the headers have one of the attributes that each CloudEvent has.
func isBinary(headers map[string]any) bool {
	for _, prefix := range binaryPrefixes {
		for _, name := range requiredAttributes {
			if headers[prefix+name] != nil {
				return true
			}
		}
	}
	return false
}

func decodeBinary(contentType string, headers map[string]any, body []byte) (Envelope, error) {
	members, err := binaryAttributes(headers)
	if err != nil {
		return Envelope{}, fmt.Errorf("%w: CloudEvents in binary mode: %w", ErrUnreadable, err)
	}
	if err := sameKind(contentType, members["datacontenttype"]); err != nil {
		return Envelope{}, fmt.Errorf("%w: CloudEvents in binary mode: %w", ErrUnreadable, err)
	}
	if contentType != "" || members["datacontenttype"] == nil {
		members["datacontenttype"] = quoteJSON(contentType)
	}
	if contentType == "" && string(members["datacontenttype"]) == `""` {
		delete(members, "datacontenttype")
	}
	delete(members, "data")
	delete(members, "data_base64")
	if len(body) > 0 {
		members["data_base64"] = quoteJSON(base64.StdEncoding.EncodeToString(body))
	}
	return cloudOf(members)
}

// sameKind refuses data that are JSON by one content type and XML by the other.
func sameKind(property string, header json.RawMessage) error {
	var text string
	_ = json.Unmarshal(header, &text) // attributes refuses a header that is not text
	if property == "" || text == "" {
		return nil
	}
	isJSON, isXML, err := kindOf(property)
	if err != nil {
		return err
	}
	if alsoJSON, alsoXML, err := kindOf(text); err == nil && isJSON == alsoJSON && isXML == alsoXML {
		return nil
	}
	return fmt.Errorf("the property content-type is %.60q and the header datacontenttype %.60q", property, text)
}

// binaryAttributes returns the attributes by name, as JSON.
func binaryAttributes(headers map[string]any) (map[string]json.RawMessage, error) {
	members, from := map[string]json.RawMessage{}, map[string]string{}
	for header, value := range headers {
		at := slices.IndexFunc(binaryPrefixes, func(prefix string) bool { return strings.HasPrefix(header, prefix) })
		if at < 0 || value == nil {
			continue
		}
		name := strings.TrimPrefix(header, binaryPrefixes[at])
		text, err := attributeJSON(value)
		if err != nil {
			return nil, fmt.Errorf("header %.60q: %w", header, err)
		}
		if other := from[name]; other != "" && !bytes.Equal(members[name], text) {
			first, second := min(other, header), max(other, header)
			return nil, fmt.Errorf("headers %.60q and %.60q have different values", first, second)
		}
		members[name], from[name] = text, header
	}
	return members, nil
}

// attributeJSON converts a value of an AMQP table to the JSON form of a CloudEvents attribute.
func attributeJSON(value any) (json.RawMessage, error) {
	switch v := value.(type) {
	case string:
		return quoteJSON(v), nil
	case []byte: // some clients send text as bytes
		return quoteJSON(string(v)), nil
	case time.Time:
		return quoteJSON(v.UTC().Format(time.RFC3339Nano)), nil
	case bool, int, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64:
		text, err := json.Marshal(v)
		if err != nil {
			return nil, errors.New("want a number that JSON has")
		}
		return text, nil
	default:
		return nil, errors.New("want text, a number, a timestamp, or true or false")
	}
}

// quoteJSON returns text as a JSON string. Invalid UTF-8 becomes U+FFFD, which an id must not have.
func quoteJSON(text string) json.RawMessage {
	quoted, _ := json.Marshal(text) // a string never fails
	return quoted
}
