package tracetree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// fields has the fields of [Span] without its methods: encoding/json would call them without end.
type fields Span

// spanJSON replaces the duration in nanoseconds, which is hard to read.
type spanJSON struct {
	fields
	DurationMS float64        `json:"durationMs"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

func (s Span) toJSON() spanJSON {
	out := spanJSON{fields: fields(s), DurationMS: float64(s.Duration) / float64(time.Millisecond)}
	out.Start = s.Start.UTC()
	if len(s.Attributes) > 0 {
		out.Attributes = make(map[string]any, len(s.Attributes))
		for name, value := range s.Attributes {
			out.Attributes[name] = encodable(value)
		}
	}
	return out
}

// MarshalJSON implements [json.Marshaler]. It writes NaN and infinities, which JSON lacks, as strings.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(s.toJSON()) }

// MarshalJSON implements [json.Marshaler]. It writes the span's fields, its warning and its children. The method of the
// embedded span would leave the children out.
func (n *Node) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		spanJSON
		Warning  string  `json:"warning,omitempty"`
		Children []*Node `json:"children,omitempty"`
	}{n.toJSON(), n.Warning, n.Children})
}

// UnmarshalJSON implements [json.Unmarshaler] for the output of [Span.MarshalJSON]. A number without a fraction becomes an
// int64, because JSON does not distinguish 3 from 3.0.
func (s *Span) UnmarshalJSON(data []byte) error {
	var in spanJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&in); err != nil {
		return fmt.Errorf("read span: %w", err)
	}
	*s = Span(in.fields)
	s.Duration = time.Duration(math.Round(in.DurationMS * float64(time.Millisecond)))
	s.Attributes = nil
	if len(in.Attributes) > 0 {
		s.Attributes = make(map[string]any, len(in.Attributes))
		for name, value := range in.Attributes {
			s.Attributes[name] = decoded(value)
		}
	}
	return nil
}

func encodable(value any) any {
	switch v := value.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = encodable(v[i])
		}
		return out
	}
	return value
}

func decoded(value any) any {
	switch v := value.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if i, err := v.Int64(); err == nil {
				return i
			}
		}
		f, _ := v.Float64() // out of range: the result is an infinity
		return f
	case []any:
		for i := range v {
			v[i] = decoded(v[i])
		}
	}
	return value
}
