package tracetree

import (
	"encoding/json"
	"strconv"
)

// otlpAttribute is a KeyValue in OTLP.
type otlpAttribute struct {
	Key   string    `json:"key"`
	Value otlpValue `json:"value"`
}

// otlpValue is an AnyValue in OTLP. Exactly one field is set, or none for the empty value.
type otlpValue struct {
	String *string          `json:"stringValue"`
	Bool   *bool            `json:"boolValue"`
	Int    *otlpInt         `json:"intValue"`
	Double *json.RawMessage `json:"doubleValue"`
	Bytes  *string          `json:"bytesValue"`
	Array  *struct {
		Values []otlpValue `json:"values"`
	} `json:"arrayValue"`
	Map *struct {
		Values []otlpAttribute `json:"values"`
	} `json:"kvlistValue"`
}

func attributes(list []otlpAttribute) map[string]any {
	if len(list) == 0 {
		return nil
	}
	out := make(map[string]any, len(list))
	for _, a := range list {
		out[a.Key] = a.Value.value()
	}
	return out
}

// value returns string, bool, int64, float64 or []any. Bytes stay base64 text, a map becomes JSON text, and the empty value
// becomes "". The conventions that Traceria uses have none of these three.
func (v otlpValue) value() any {
	switch {
	case v.String != nil:
		return *v.String
	case v.Bool != nil:
		return *v.Bool
	case v.Int != nil:
		return int64(*v.Int)
	case v.Double != nil:
		return double(*v.Double)
	case v.Bytes != nil:
		return *v.Bytes
	case v.Array != nil:
		out := make([]any, len(v.Array.Values))
		for i := range v.Array.Values {
			out[i] = v.Array.Values[i].value()
		}
		return out
	case v.Map != nil:
		return mapText(attributes(v.Map.Values))
	default:
		return ""
	}
}

func mapText(values map[string]any) string {
	for name, value := range values {
		values[name] = encodable(value)
	}
	text, err := json.Marshal(values)
	if err != nil {
		return ""
	}
	return string(text)
}

// double reads a number, or one of protobuf's names for NaN and infinities. Any other text stays text.
func double(raw json.RawMessage) any {
	text := string(raw)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	value, err := strconv.ParseFloat(text, 64) // it accepts Infinity, -Infinity and NaN
	if err != nil {
		return text
	}
	return value
}
