package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// dataOf returns the data of a CloudEvent as JSON. The event may have JSON or XML, as text or in base64.
func dataOf(members map[string]json.RawMessage, contentType string, m Metadata) (json.RawMessage, error) {
	data, encoded := members["data"], members["data_base64"]
	switch {
	case there(data) && there(encoded):
		return nil, errors.New("has both data and data_base64")
	case !there(data) && !there(encoded):
		return nil, errors.New("data is missing")
	}
	isJSON, isXML, err := kindOf(contentType)
	if err != nil {
		return nil, err
	}
	text := []byte(data)
	if there(encoded) {
		var asText string
		if err := json.Unmarshal(encoded, &asText); err != nil {
			return nil, errors.New("data_base64 is not text")
		}
		if text, err = base64.StdEncoding.DecodeString(asText); err != nil {
			return nil, fmt.Errorf("data_base64: %w", err)
		}
	} else if isXML {
		var asText string
		if err := json.Unmarshal(data, &asText); err != nil {
			return nil, fmt.Errorf("data of %s is not text", contentType)
		}
		text = []byte(asText)
	}
	text = bytes.TrimPrefix(text, byteOrderMark)
	if isXML {
		return fromXML(text, m)
	}
	if isJSON && (!json.Valid(text) || string(text) == "null") {
		return nil, errors.New("data is not JSON")
	}
	return text, nil
}

func there(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// kindOf reports whether a media type is JSON or XML, by its name or its suffix (RFC 6839). An empty one means JSON.
func kindOf(contentType string) (isJSON, isXML bool, err error) {
	media := MetadataContentType
	if contentType != "" {
		if media, _, err = mime.ParseMediaType(contentType); err != nil {
			return false, false, fmt.Errorf("datacontenttype: %w", err)
		}
	}
	switch {
	case media == "application/json", media == "text/json", strings.HasSuffix(media, "+json"):
		return true, false, nil
	case media == "application/xml", media == "text/xml", strings.HasSuffix(media, "+xml"):
		return false, true, nil
	}
	return false, false, fmt.Errorf("datacontenttype is %.60q, want JSON or XML", contentType)
}
