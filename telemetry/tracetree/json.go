package tracetree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
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
	out := spanJSON{fields: fields(s), DurationMS: inMilliseconds(s.Duration)}
	out.Start = s.Start.UTC()
	out.Attributes = encodableAll(s.Attributes)
	for i, l := range s.Links {
		if len(l.Attributes) > 0 {
			if &out.Links[0] == &s.Links[0] {
				out.Links = slices.Clone(s.Links)
			}
			out.Links[i].Attributes = encodableAll(l.Attributes)
		}
	}
	return out
}

func encodableAll(attributes map[string]any) map[string]any {
	if len(attributes) == 0 {
		return nil
	}
	out := make(map[string]any, len(attributes))
	for name, value := range attributes {
		out[name] = encodable(value)
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

// MarshalJSON implements [json.Marshaler].
func (s Step) MarshalJSON() ([]byte, error) {
	type fields Step
	return json.Marshal(struct {
		fields
		Took float64 `json:"durationMs"`
	}{fields(s), inMilliseconds(s.Took)})
}

// MarshalJSON implements [json.Marshaler].
func (p Path) MarshalJSON() ([]byte, error) {
	type fields Path
	return json.Marshal(struct {
		fields
		Took float64 `json:"durationMs"`
	}{fields(p), inMilliseconds(p.Took)})
}

// MarshalJSON implements [json.Marshaler].
func (e Extent) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Spans int     `json:"spans"`
		Took  float64 `json:"durationMs"`
	}{e.Spans, inMilliseconds(e.Took)})
}

// MarshalJSON implements [json.Marshaler].
func (h HopTimes) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Waited  float64 `json:"waitedMs"`
		BackOff float64 `json:"backOffMs"`
		Took    float64 `json:"durationMs"`
		Error   string  `json:"error,omitempty"`
	}{inMilliseconds(h.Waited), inMilliseconds(h.BackOff), inMilliseconds(h.Took), h.Error})
}

// MarshalJSON implements [json.Marshaler].
func (q Quantiles) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		P50 float64 `json:"p50Ms"`
		P95 float64 `json:"p95Ms"`
	}{inMilliseconds(q.P50), inMilliseconds(q.P95)})
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

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
	s.Attributes = decodedAll(in.Attributes)
	for i, l := range s.Links {
		s.Links[i].Attributes = decodedAll(l.Attributes)
	}
	return nil
}

func decodedAll(attributes map[string]any) map[string]any {
	if len(attributes) == 0 {
		return nil
	}
	out := make(map[string]any, len(attributes))
	for name, value := range attributes {
		out[name] = decoded(value)
	}
	return out
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
